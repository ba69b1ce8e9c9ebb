list "mesh_canary_route" "greeter" {
  provider = mesh

  config {
    namespace      = "greeter"
    label_selector = "team=shop"
  }
}
