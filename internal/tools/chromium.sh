#!/usr/bin/env bash
# Prints a Chromium for tests: the one that MESH_TEST_CHROMIUM names, or one that is on PATH.
set -euo pipefail

if [[ ${MESH_TEST_CHROMIUM:-} ]]; then
	echo "$MESH_TEST_CHROMIUM"
	exit
fi
for name in chromium chromium-browser google-chrome headless_shell; do
	if command -v "$name"; then
		exit
	fi
done
echo "chromium.sh: there is no Chromium: install the package chromium, or name one in MESH_TEST_CHROMIUM" >&2
exit 1
