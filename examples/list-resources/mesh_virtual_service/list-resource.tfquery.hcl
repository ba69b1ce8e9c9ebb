list "mesh_virtual_service" "greeter" {
  provider = mesh

  config {
    namespace      = "greeter"
    label_selector = "team=shop"
  }
}
