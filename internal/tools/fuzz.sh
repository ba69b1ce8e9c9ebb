#!/usr/bin/env bash
# Runs each fuzz target of the module in the current directory for a while, two at a time with one worker each, since
# much of a short run is compiling and linking: FUZZTIME=5s internal/tools/fuzz.sh
set -euo pipefail

# fuzz runs one target, given as FILE:func NAME.
fuzz() {
	local dir=${1%/*} target=${1##*func } log
	log=$(mktemp)
	# Go would spend most of a short run on making inputs smaller. When the time is up just then, it fails with nothing but the words
	# "context deadline exceeded"; what really fails is written down, or says where.
	if go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-5s}" -fuzzminimizetime 20x -parallel 1 "$dir" >"$log" 2>&1; then
		set -- passed
	elif grep -q '^ *context deadline exceeded$' "$log" && ! grep -Eq 'Failing input|_test\.go:|panic|minimizing' "$log"; then
		set -- 'the time was up'
	else
		set -- FAILED
	fi
	echo "== $target in $dir for ${FUZZTIME:-5s}: $1"
	[[ $1 == passed ]] || cat "$log"
	rm -f "$log"
	[[ $1 != FAILED ]]
}

if [[ ${1:-} == *:func\ Fuzz* ]]; then
	fuzz "$1"
	exit
fi
mapfile -t files < <(go list -f '{{range .TestGoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}' ./... | sed '/^$/d')
found=$(grep -Eo '^func Fuzz[A-Za-z0-9_]*' /dev/null "${files[@]}" | sort) || {
	echo "no fuzz targets"
	exit
}
tr '\n' '\0' <<<"$found" | xargs -0 -n 1 -P 2 "$0"
