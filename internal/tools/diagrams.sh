#!/usr/bin/env bash
# Draws Mermaid texts as PNG files beside them, with the real Mermaid in a headless Chromium: internal/tools/diagrams.sh examples/pictures/*.mmd
# OUT is a folder for the pictures, in place of that of each text. Mermaid is fetched once, into the cache.
set -euo pipefail

version=12.3.0
integrity=sha512-4113TdXeLAsMruJ79OpFL5O8+LTFXhQqZ260rF3tgUmiNAtRm4Uume04I+65PRN6yZ69J4f8rVYWW8zRk65UYw==

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-mesh/tools
mermaid=$cache/mermaid-$version/mermaid.min.js

need() {
	command -v "$1" >/dev/null || { echo "diagrams.sh: $1 is needed: install the package $2" >&2; exit 1; }
}
need node nodejs
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || need chromium chromium
node -e 'process.exit(require("node:zlib").crc32 ? 0 : 1)' || { echo "diagrams.sh: Node 20.15 or newer is needed" >&2; exit 1; }

if [[ ! -f $mermaid ]]; then
	need npm npm
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/.mermaid.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	(cd "$work" && "$tools/progress.sh" "fetching mermaid $version, once" npm pack --silent --ignore-scripts "mermaid@$version" >/dev/null)
	fetched=sha512-$(openssl dgst -sha512 -binary "$work/mermaid-$version.tgz" | base64 -w0)
	[[ $fetched == "$integrity" ]] || { echo "diagrams.sh: mermaid $version is not what was pinned: $fetched" >&2; exit 1; }
	tar -xzf "$work/mermaid-$version.tgz" -C "$work" package/dist/mermaid.min.js
	mkdir -p "${mermaid%/*}"
	mv -f "$work/package/dist/mermaid.min.js" "$mermaid"
fi

files=()
for text in "$@"; do
	picture=${text%.mmd}.png
	[[ ! ${OUT:-} ]] || picture=$OUT/${picture##*/}
	files+=("$text" "$picture")
done
node "$tools/mermaid/render.mjs" "$chromium" "$mermaid" "${files[@]}"
