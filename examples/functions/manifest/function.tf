# The YAML of a canary, for a repository from which somebody else applies it.
output "greeter" {
  value = provider::mesh::manifest({
    service   = "k8s-combat-service-istio-mesh"
    namespace = "greeter"
    subsets = {
      v1 = { labels = { app = "k8s-combat-service-v1" } }
      v2 = { labels = { app = "k8s-combat-service-v2" } }
    }
    default = { weights = { v1 = 90, v2 = 10 } }
  })
}
