#!/usr/bin/env bash
# Runs tests so that they find the CLI and nothing of the machine's own CLI configuration: internal/tools/testenv.sh go test ./...
set -euo pipefail

tools=$(dirname "${BASH_SOURCE[0]}")
cli=$("$tools/terraform.sh")
export TF_ACC_TERRAFORM_PATH=$cli CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null
# Thousands of short processes: to collect garbage in them costs a sixth of their time.
export GOGC=${GOGC:-400}
if "$cli" version | grep -q '^OpenTofu'; then
	# OpenTofu resolves a bare provider name on its own registry.
	export TF_ACC_PROVIDER_HOST=registry.opentofu.org
fi
exec "$tools/group.sh" "$@"
