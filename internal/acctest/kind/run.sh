#!/usr/bin/env bash
# Runs a command against a new kind cluster with Istio and the scenario of the acceptance tests in it:
# internal/acctest/kind/run.sh go test ./...
# Needs docker, kind, kubectl, istioctl and go on PATH. KEEP=1 leaves the cluster for the next look, and says how to
# look. A TERM while kind creates the cluster takes effect when it has.
set -euo pipefail

cluster=${KIND_CLUSTER:-terraform-provider-mesh}
node_image=${KIND_NODE_IMAGE:-}                # empty: the one of this kind release
istio_hub=${ISTIO_HUB:-}                      # empty: what this istioctl installs
istio_tag=${ISTIO_TAG:-}
base_image=${GREETER_BASE_IMAGE:-gcr.io/distroless/static-debian12:nonroot}
greeter_image=${GREETER_IMAGE:-meshlab-greeter:kind}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/../../tools/group.sh"
clusters=$(kind get clusters)
if grep -qxF "$cluster" <<<"$clusters"; then
	echo "run.sh: there is a kind cluster $cluster already; take it away with \`kind delete cluster --name $cluster\`," \
		"or choose another name with KIND_CLUSTER" >&2
	exit 1
fi
work=$(mktemp -d)
cleanup() {
	if [[ ${KEEP:-} ]]; then
		echo "run.sh: the cluster stays; \`kind export kubeconfig --name $cluster\` leads to it," \
			"\`kind delete cluster --name $cluster\` takes it away" >&2
	else
		kind delete cluster --name "$cluster" --kubeconfig "$work/kubeconfig" || true
	fi
	rm -rf "$work"
}
# exit, not death by the signal, so that the cluster goes as well.
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

export KUBECONFIG=$work/kubeconfig
kind create cluster --name "$cluster" --config "$here/cluster.yaml" --wait 3m ${node_image:+--image "$node_image"}

istioctl install -y --set profile=minimal ${istio_hub:+--set "hub=$istio_hub"} ${istio_tag:+--set "tag=$istio_tag"}

arch=$(docker version --format '{{.Server.Arch}}')
(cd "$here/../../meshlab" && CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -o "$work/image/meshlab" .)
docker build --build-arg "BASE_IMAGE=$base_image" --file "$here/Dockerfile" --tag "$greeter_image" "$work/image"
kind load docker-image "$greeter_image" --name "$cluster"

sed "s|GREETER_IMAGE|$greeter_image|" "$here/scenario.yaml" | kubectl apply -f - -f "$here/../../../examples/role.yaml" -f "$here/../../../examples/role-ack.yaml"
kubectl -n greeter wait deployment --all --for=condition=Available --timeout=3m

# login writes a kubeconfig of a service account that holds nobody else's credentials.
login() {
	local user=$1 file=$work/kubeconfig-$1 token
	token=$(kubectl -n greeter create token "$user" --duration=3h)
	kubectl config view --raw --minify --flatten >"$file"
	kubectl --kubeconfig "$file" config delete-user "kind-$cluster"
	kubectl --kubeconfig "$file" config set-credentials "$user" --token "$token"
	kubectl --kubeconfig "$file" config set-context --current --user "$user"
}
login developer
login acker
login nobody

export KUBE_CONFIG_PATH=$KUBECONFIG
export MESH_TEST_KUBECONFIG_DEVELOPER=$work/kubeconfig-developer
export MESH_TEST_KUBECONFIG_ACKER=$work/kubeconfig-acker
export MESH_TEST_KUBECONFIG_NOBODY=$work/kubeconfig-nobody
export MESH_TEST_NAMESPACE=greeter MESH_TEST_SERVICE=greeter MESH_TEST_PORT=50051
export MESH_TEST_CALL="kubectl --kubeconfig $KUBECONFIG -n greeter exec -i deploy/client -c client -- meshlab call --xds istiod.istio-system.svc:15010"
export MESH_TEST_LAB=
in_group "$@"
