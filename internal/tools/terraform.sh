#!/usr/bin/env bash
# Prints the path of the CLI that runs the provider: $TERRAFORM, else terraform, else tofu, else an OpenTofu built into the cache.
set -euo pipefail

for candidate in ${TERRAFORM:+"$TERRAFORM"} terraform tofu; do
	if path=$(command -v "$candidate"); then
		echo "$path"
		exit
	fi
	[[ $candidate != "${TERRAFORM:-}" ]] || { echo "terraform.sh: TERRAFORM=$TERRAFORM is not a command" >&2; exit 1; }
done
echo "neither terraform nor tofu is on PATH" >&2
exec "$(dirname "${BASH_SOURCE[0]}")/cache.sh" tofu
