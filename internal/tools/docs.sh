#!/usr/bin/env bash
# Generates docs/ from the provider's schema, templates/ and examples/: internal/tools/docs.sh [--check]
# With --check nothing is written: it fails when docs/ differs from what would be generated.
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$tools/../.." && pwd)
tfplugindocs=$("$tools/cache.sh" tfplugindocs)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The schema comes from the provider itself: an older Terraform leaves out what it does not know.
(cd "$root" && go build -o "$work/docs" ./internal/docs)
"$work/docs" schema >"$work/schema.json"

mkdir "$work/site"
for part in examples templates; do
	[[ ! -d $root/$part ]] || cp -R "$root/$part" "$work/site/"
done
"$tfplugindocs" generate --provider-dir "$work/site" --providers-schema "$work/schema.json" \
	--provider-name mesh --rendered-provider-name Mesh >"$work/log" || { cat "$work/log"; exit 1; }
"$work/docs" reference "$work/site/docs"

if [[ ${1:-} == --check ]]; then
	diff -ru "$root/docs" "$work/site/docs" || {
		echo "docs/ is not what the schema, templates/ and examples/ give: run make generate" >&2
		exit 1
	}
else
	rm -rf "$root/docs"
	cp -R "$work/site/docs" "$root/docs"
fi
