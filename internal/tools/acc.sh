#!/usr/bin/env bash
# Runs a command with the environment of the acceptance tests: internal/tools/acc.sh go test ./...
# With TF_ACC set but empty the acceptance tests stay out. The cluster comes from the caller: `meshlab run`, the kind script, or KUBECONFIG.
set -euo pipefail

tools=$(dirname "${BASH_SOURCE[0]}")
cli=$("$tools/terraform.sh")
export TF_ACC=${TF_ACC-1} TF_ACC_TERRAFORM_PATH=$cli CHECKPOINT_DISABLE=1
# A developer's own CLI configuration must not decide which provider is tested.
export TF_CLI_CONFIG_FILE=/dev/null
if "$cli" version | grep -q '^OpenTofu'; then
	# OpenTofu resolves a bare provider name on its own registry.
	export TF_ACC_PROVIDER_HOST=registry.opentofu.org
fi
exec "$tools/group.sh" "$@"
