package istio

// Carries reports whether labels have everything that all of some sets have.
func Carries(labels map[string]string, sets []map[string]string) bool {
	for _, set := range sets {
		for key, value := range set {
			if is, ok := labels[key]; !ok || is != value {
				return false
			}
		}
	}
	return true
}

// RolloutsLabel is what Argo Rollouts adds to the labels of the subsets that it shifts weight between, so that they
// select the pods of one ReplicaSet.
const RolloutsLabel = "rollouts-pod-template-hash"
