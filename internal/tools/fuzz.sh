#!/usr/bin/env bash
# Runs each fuzz target of the module in the current directory for a while: FUZZTIME=5s internal/tools/fuzz.sh
set -euo pipefail

mapfile -t files < <(go list -f '{{range .TestGoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}' ./... | sed '/^$/d')
found=$(grep -Eo '^func Fuzz[A-Za-z0-9_]*' /dev/null "${files[@]}" | sort) || {
	echo "no fuzz targets"
	exit
}
while IFS=: read -r file target; do
	target=${target#func }
	echo "== $target in ${file%/*} for ${FUZZTIME:-5s}"
	# Go would spend most of a short run on making inputs smaller.
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-5s}" -fuzzminimizetime 20x "${file%/*}"
done <<<"$found"
