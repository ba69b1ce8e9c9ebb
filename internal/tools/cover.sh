#!/usr/bin/env bash
# Tests packages and fails when one covers less than MIN percent of its statements:
# MIN=90 internal/tools/cover.sh ./internal/canary ./internal/traffic
set -euo pipefail

go test -cover "$@" | awk -v min="${MIN:-90}" '
	{ print }
	match($0, /coverage: [0-9.]+%/) {
		share = substr($0, RSTART + 10, RLENGTH - 11) + 0
		if (share < min) { low = low "\n  " $0 }
	}
	END {
		if (low) { print "less than " min " % of statements covered:" low > "/dev/stderr"; exit 1 }
	}'
