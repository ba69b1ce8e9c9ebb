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

# stop_group interrupts the group, which lets Terraform end in order, and ends what is still there a minute later. A plugin
# of Terraform ignores an interrupt and would die of anything stronger, in the middle of its work.
stop_group() {
	trap '' INT TERM HUP
	kill -INT -- "-$group" 2>/dev/null || true
	for ((i = 0; i < 600; i++)); do
		kill -0 -- "-$group" 2>/dev/null || break
		sleep 0.1
	done
	kill -TERM -- "-$group" 2>/dev/null || true
	wait "$group" || true
	exit "$1"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	in_group "$@"
fi
