#!/usr/bin/env bash
# Runs a command so that all of it ends when this script is told to: internal/tools/group.sh go test ./...
# Sourced, it gives the function in_group.

# in_group runs a command in a process group of its own, without stdin, and returns its exit code. A signal that ends this
# shell ends the whole group first; go test, for one, does not pass signals on to what it started.
in_group() {
	local status=0
	set -m
	"$@" </dev/null &
	group=$!
	set +m
	trap 'stop_group 130' INT
	trap 'stop_group 143' TERM
	trap 'stop_group 129' HUP
	wait "$group" || status=$?
	trap - INT TERM HUP
	return "$status"
}

stop_group() {
	trap '' INT TERM HUP
	kill -TERM -- "-$group" 2>/dev/null || true
	wait "$group" || true
	exit "$1"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	in_group "$@"
fi
