output "picture" {
  description = "The route as a Mermaid flowchart."
  value       = provider::mesh::diagram(mesh_canary_route.greeter)
}

output "answers" {
  description = "What happens to each of the requests."
  value       = { for name, request in var.requests : name => provider::mesh::evaluate(mesh_canary_route.greeter, request) }
}
