#!/usr/bin/env bash
# Makes a release in dist/ of what is committed, without publishing it, and checks it: internal/tools/release.sh [--single-target]
# The key of the signature is made for the run and thrown away. With --single-target only this machine's platform is built, and
# once more in another folder, which has to come to the same bytes.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
goreleaser=$(internal/tools/cache.sh goreleaser)
sbom=$(internal/tools/cache.sh cyclonedx-gomod)
export PATH=${sbom%/*}:$PATH
work=$(mktemp -d)
trap 'gpgconf --kill all 2>/dev/null || true; rm -rf "$work"' EXIT

export GNUPGHOME=$work/gnupg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key 'Release check <nobody@example.com>' rsa3072 sign never
GPG_FINGERPRINT=$(gpg --batch --list-keys --with-colons | awk -F: '$1 == "fpr" { print $10; exit }')
export GPG_FINGERPRINT
gpg --batch --armor --export "$GPG_FINGERPRINT" >"$work/key.asc"

# goreleaser can build a single target, and not release it: the other targets are left out of its configuration.
config=.goreleaser.yml
if [[ ${1:-} == --single-target ]]; then
	config=$work/goreleaser.yml
	os=$(go env GOOS) arch=$(go env GOARCH)
	sed -E -e "/^      - (darwin|freebsd|linux|windows)\$/{/- $os\$/!d}" -e "/^      - (\"386\"|amd64|arm|arm64)\$/{/- \"?$arch\"?\$/!d}" \
		.goreleaser.yml >"$config"
fi

# make_release makes it in a clone: a binary names its commit only where the Go command finds the repository, which it does not in
# a worktree.
make_release() {
	git clone --quiet . "$1"
	git -C "$1" checkout --quiet --detach "$commit"
	(cd "$1" && "$goreleaser" release --snapshot --clean --config "$config")
}

[[ ! $(git status --porcelain) ]] || echo 'what is not committed is left out' >&2
commit=$(git rev-parse HEAD)
make_release "$work/first"
(cd "$work/first" && go run ./internal/release "$@" -key "$work/key.asc")
rm -rf dist
mv "$work/first/dist" dist

# Terraform or OpenTofu installs this machine's archive from a mirror as it would from a registry, and starts what is in it.
cli=$(internal/tools/terraform.sh)
archive=$(echo dist/*_"$(go env GOOS)_$(go env GOARCH)".zip)
version=${archive#dist/terraform-provider-mesh_}
version=${version%"_$(go env GOOS)_$(go env GOARCH).zip"}
mkdir -p "$work/mirror/example.com/meshroute/mesh" "$work/use"
cp "$archive" "$work/mirror/example.com/meshroute/mesh/"
cat >"$work/use/cli.tfrc" <<RC
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
RC
cat >"$work/use/main.tf" <<TF
terraform {
  required_providers {
    mesh = {
      source  = "example.com/meshroute/mesh"
      version = "$version"
    }
  }
}

$(<examples/resources/mesh_weighted_split/resource.tf)
TF
export TF_CLI_CONFIG_FILE=$work/use/cli.tfrc CHECKPOINT_DISABLE=1
"$cli" -chdir="$work/use" init -no-color
"$cli" -chdir="$work/use" validate -no-color
[[ ${1:-} == --single-target ]] || exit 0

make_release "$work/second"
cmp dist/*_SHA256SUMS "$work"/second/dist/*_SHA256SUMS
echo 'made again in another folder, every archive is the same'
