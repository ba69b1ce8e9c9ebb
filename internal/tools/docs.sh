#!/usr/bin/env bash
# Generates docs/ from the provider's schema, templates/ and examples/: internal/tools/docs.sh [--check]
# With --check nothing is written: it fails when docs/ differs from what would be generated.
# PROVIDER_DIR is the folder of the built provider.
set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$tools/../.." && pwd)
cli=$("$tools/terraform.sh")
tfplugindocs=$("$tools/cache.sh" tfplugindocs)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# tfplugindocs looks the schema up under this address, whatever the provider is published as.
address=registry.terraform.io/hashicorp/mesh
mkdir "$work/schema" "$work/site"
cat >"$work/cli.tfrc" <<RC
provider_installation {
  dev_overrides {
    "$address" = "${PROVIDER_DIR:?}"
  }
}
RC
cat >"$work/schema/main.tf" <<TF
terraform {
  required_providers {
    mesh = { source = "$address" }
  }
}
TF
export TF_CLI_CONFIG_FILE=$work/cli.tfrc CHECKPOINT_DISABLE=1
"$cli" -chdir="$work/schema" providers schema -json >"$work/schema.json"

for part in examples templates; do
	[[ ! -d $root/$part ]] || cp -R "$root/$part" "$work/site/"
done
"$tfplugindocs" generate --provider-dir "$work/site" --providers-schema "$work/schema.json" \
	--provider-name mesh --rendered-provider-name Mesh >"$work/log" || { cat "$work/log"; exit 1; }

if [[ ${1:-} == --check ]]; then
	diff -ru "$root/docs" "$work/site/docs" || {
		echo "docs/ is not what the schema, templates/ and examples/ give: run make generate" >&2
		exit 1
	}
else
	rm -rf "$root/docs"
	cp -R "$work/site/docs" "$root/docs"
fi
