#!/usr/bin/env bash
# Builds one tool into the cache, once, and prints its path: internal/tools/cache.sh golangci-lint
# The key is what decides the binary: go.mod and go.sum of the tool's module, and the Go release.
set -euo pipefail

tool=$1
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-mesh/tools
ldflags='-s -w'

case $tool in
golangci-lint) module=$tools/golangci-lint package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint ;;
tfplugindocs) module=$tools package=github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs ;;
gotestsum) module=$tools package=gotest.tools/gotestsum ;;
actionlint) module=$tools package=github.com/rhysd/actionlint/cmd/actionlint ;;
goreleaser) module=$tools/goreleaser package=github.com/goreleaser/goreleaser/v2 ;;
cyclonedx-gomod) module=$tools/sbom package=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod ;;
tofu)
	module=$tools/tofu package=github.com/opentofu/opentofu/cmd/tofu
	# Without this a release calls itself a development version.
	ldflags+=' -X github.com/opentofu/opentofu/version.dev=no'
	;;
# The last version whose module builds alone: since 1.9 parts of it are replaced by folders that the module leaves out.
terraform)
	module=$tools/terraform package=github.com/hashicorp/terraform
	ldflags+=' -X github.com/hashicorp/terraform/version.dev=no'
	;;
*)
	echo "cache.sh: unknown tool $tool" >&2
	exit 2
	;;
esac

key=$(cd "$module" && { cat go.mod go.sum && go env GOVERSION GOOS GOARCH && echo "$ldflags"; } | cksum | cut -d' ' -f1)
binary=$cache/$tool-$key/$tool
if [[ ! -x $binary ]]; then
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/.$tool.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	(cd "$module" && CGO_ENABLED=0 "$tools/progress.sh" "building $tool, once" \
		go build -trimpath -ldflags "$ldflags" -o "$work/$tool" "$package") >&2
	mkdir -p "${binary%/*}"
	mv -f "$work/$tool" "$binary"
fi
echo "$binary"
