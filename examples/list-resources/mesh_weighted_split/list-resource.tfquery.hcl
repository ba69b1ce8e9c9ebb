list "mesh_weighted_split" "greeter" {
  provider = mesh

  config {
    namespace      = "greeter"
    label_selector = "team=shop"
  }
}
