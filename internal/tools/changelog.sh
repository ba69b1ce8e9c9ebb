#!/usr/bin/env bash
# Moves the fragments of .changes/unreleased into CHANGELOG.md under a new version: internal/tools/changelog.sh 0.1.0
# A fragment's name starts with its section: added-, changed-, fixed- or removed-.
# With --show it prints what CHANGELOG.md says of a version: internal/tools/changelog.sh --show 0.1.0
set -euo pipefail

cd "${CHANGELOG_ROOT:-$(dirname "${BASH_SOURCE[0]}")/../..}"
if [[ ${1:-} == --show ]]; then
	awk -v heading="## ${2:?version, for example 0.1.0} (" '
		/^## / { inside = index($0, heading) == 1; next }
		inside { text = text $0 "\n" }
		END { gsub(/^\n+|\n+$/, "", text); print text; exit text == "" }' CHANGELOG.md ||
		{ echo "changelog.sh: CHANGELOG.md says nothing of $2" >&2; exit 1; }
	exit
fi

version=${1:?version, for example 0.1.0}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || { echo "changelog.sh: $version is no version" >&2; exit 2; }
if grep -qF "## $version (" CHANGELOG.md; then
	echo "changelog.sh: CHANGELOG.md has $version already" >&2
	exit 1
fi
for fragment in .changes/unreleased/*; do
	case ${fragment##*/} in
	'*') echo 'changelog.sh: there is no fragment in .changes/unreleased' >&2 && exit 1 ;;
	added-*.md | changed-*.md | fixed-*.md | removed-*.md) ;;
	*) echo "changelog.sh: $fragment is in no section" >&2 && exit 1 ;;
	esac
done
{
	sed -n '1,/^<!-- releases -->$/p' CHANGELOG.md
	printf '\n## %s (%s)\n' "$version" "$(date -u +%F)"
	for section in Added Changed Fixed Removed; do
		fragments=(.changes/unreleased/"$(tr '[:upper:]' '[:lower:]' <<<"$section")"-*.md)
		[[ -e ${fragments[0]} ]] || continue
		printf '\n### %s\n\n' "$section"
		# A list item per fragment: its first line behind a dash, the others indented.
		for fragment in "${fragments[@]}"; do printf '%s\n' "$(<"$fragment")" | sed -e '1s/^/- /' -e '1!s/^/  /'; done
	done
	sed '1,/^<!-- releases -->$/d' CHANGELOG.md
} >CHANGELOG.new
mv CHANGELOG.new CHANGELOG.md
rm -f .changes/unreleased/*.md
