data "mesh_service_routing" "greeter" {
  service   = "greeter"
  namespace = "greeter"
}

check "greeter_is_routed_once" {
  assert {
    condition     = length(data.mesh_service_routing.greeter.conflicts) == 0
    error_message = join("\n", data.mesh_service_routing.greeter.conflicts)
  }
}

output "who_routes_greeter" {
  value = {
    for route in data.mesh_service_routing.greeter.virtual_services :
    "${route.namespace}/${route.name}" => route.summary if route.effective
  }
}
