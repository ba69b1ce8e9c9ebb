#!/usr/bin/env bash
# Runs a command and, once it takes more than a few seconds, says what it is and that it is alive:
# internal/tools/progress.sh 'building the provider' go build .
set -euo pipefail

text=$1
shift
# The reader ends when this script does, however that happens: the pipe closes.
exec 9> >(
	shown=
	while
		status=0
		read -r -t 3 || status=$?
		((status > 128))
	do
		printf '%s' "${shown:+.}" >&2
		[[ $shown ]] || printf '%s ' "$text" >&2
		shown=yes
	done
	[[ ! $shown ]] || printf ' %s s\n' "$SECONDS" >&2
)
reader=$!

"$@" 9>&- &
child=$!
trap 'kill -TERM "$child" 2>/dev/null || true' INT TERM HUP
status=0
wait "$child" || status=$?
while kill -0 "$child" 2>/dev/null; do wait "$child" || status=$?; done
exec 9>&-
wait "$reader" || true
exit "$status"
