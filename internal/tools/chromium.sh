#!/usr/bin/env bash
# Prints the path of a Chromium for tests: the one that MESH_TEST_CHROMIUM names, one that is on PATH, or, fetched once, that of the npm package
# @sparticuz/chromium, which has the libraries and fonts too that a bare machine lacks (Linux on x86-64; needs node and npm).
set -euo pipefail

version=153.0.0
integrity=sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==

fail() {
	echo "chromium.sh: $*" >&2
	exit 1
}

if [[ ${MESH_TEST_CHROMIUM:-} ]]; then
	echo "$MESH_TEST_CHROMIUM"
	exit
fi
for name in chromium chromium-browser google-chrome headless_shell; do
	if command -v "$name"; then
		exit
	fi
done

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-mesh/tools
dir=$cache/chromium-$version
if [[ ! -x $dir/headless_shell ]]; then
	if [[ $(uname -sm) != 'Linux x86_64' ]] || ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		fail "there is no Chromium: install the package chromium, or name one in MESH_TEST_CHROMIUM"
	fi
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/.chromium.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	(cd "$work" && "$tools/progress.sh" "fetching chromium $version, once" npm pack --silent --ignore-scripts "@sparticuz/chromium@$version" >/dev/null)
	archive=$work/sparticuz-chromium-$version.tgz
	fetched=sha512-$(openssl dgst -sha512 -binary "$archive" | base64 -w0)
	[[ $fetched == "$integrity" ]] || fail "chromium $version is not what was pinned: $fetched"
	tar -xzf "$archive" -C "$work" package/bin
	for part in chromium al2023.tar fonts.tar; do
		node -e 'const fs = require("node:fs"); fs.writeFileSync(process.argv[2], require("node:zlib").brotliDecompressSync(fs.readFileSync(process.argv[1])));' \
			"$work/package/bin/$part.br" "$work/package/$part"
	done
	tar -xf "$work/package/al2023.tar" -C "$work/package"
	tar -xf "$work/package/fonts.tar" -C "$work/package"
	cat >"$work/package/fonts.conf" <<XML
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir><cachedir>$dir/fonts-cache</cachedir></fontconfig>
XML
	# It has no helper that would start its processes: --no-zygote lets the browser do it.
	cat >"$work/package/headless_shell" <<'SH'
#!/usr/bin/env bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} FONTCONFIG_FILE=$here/fonts.conf
exec "$here/chromium" --no-zygote "$@"
SH
	chmod +x "$work/package/chromium" "$work/package/headless_shell"
	rm -rf "$work/package/bin" "$work/package"/*.tar "$dir"
	mv "$work/package" "$dir"
fi
echo "$dir/headless_shell"
