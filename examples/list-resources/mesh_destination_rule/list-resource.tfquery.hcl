list "mesh_destination_rule" "greeter" {
  provider = mesh

  config {
    namespace      = "greeter"
    label_selector = "team=shop"
  }
}
