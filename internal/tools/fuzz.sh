#!/usr/bin/env bash
# Runs each fuzz target of the module in the current directory for a while: FUZZTIME=5s internal/tools/fuzz.sh
set -euo pipefail

mapfile -t files < <(go list -f '{{range .TestGoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}' ./... | sed '/^$/d')
found=$(grep -Eo '^func Fuzz[A-Za-z0-9_]*' /dev/null "${files[@]}" | sort) || {
	echo "no fuzz targets"
	exit
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
while IFS=: read -r file target; do
	target=${target#func }
	echo "== $target in ${file%/*} for ${FUZZTIME:-5s}"
	# Go would spend most of a short run on making inputs smaller. When the time is up just then, it fails with nothing but the words
	# "context deadline exceeded"; what really fails is written down, or says where.
	go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-5s}" -fuzzminimizetime 20x "${file%/*}" 2>&1 | tee "$log" && continue
	grep -q '^ *context deadline exceeded$' "$log" && ! grep -Eq 'Failing input|_test\.go:|panic|minimizing' "$log" || exit 1
	echo "== $target: the time was up"
done <<<"$found"
