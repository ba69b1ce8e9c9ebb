#!/usr/bin/env bash
# Moves the fragments of .changes/unreleased into CHANGELOG.md under a new version: internal/tools/changelog.sh 0.1.0
# A fragment's name starts with its section: added-, changed-, fixed- or removed-.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
version=${1:?version, for example 0.1.0}
{
	sed -n '1,/^<!-- releases -->$/p' CHANGELOG.md
	printf '\n## %s (%s)\n' "$version" "$(date -u +%F)"
	for section in Added Changed Fixed Removed; do
		fragments=(.changes/unreleased/"$(tr '[:upper:]' '[:lower:]' <<<"$section")"-*.md)
		[[ -e ${fragments[0]} ]] || continue
		printf '\n### %s\n\n' "$section"
		# A list item per fragment: its first line behind a dash, the others indented.
		for fragment in "${fragments[@]}"; do sed -e '1s/^/- /' -e '1!s/^/  /' "$fragment"; done
	done
	sed '1,/^<!-- releases -->$/d' CHANGELOG.md
} >CHANGELOG.new
mv CHANGELOG.new CHANGELOG.md
rm -f .changes/unreleased/*.md
