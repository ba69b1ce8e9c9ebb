output "pictures" {
  description = "A picture of each route for a comment in a pull request, by service."
  value       = { for name, route in local.routes : name => try(provider::mesh::picture_markdown(route), "") }
}

output "answers" {
  description = "What becomes of each of the requests, in a sentence, by service."
  value = {
    for name, answers in local.answers : name => { for request, answer in answers : request => try(answer.summary, "") }
  }
}

output "routes" {
  description = "The routes: host, owner, words and state of the walk, by service."
  value = {
    for name, route in mesh_canary_route.service : name => {
      host       = route.host
      namespace  = route.namespace
      owner      = route.owner
      summary    = route.summary
      walk_state = route.walk_state
    }
  }

  precondition {
    condition = length(setsubtract(setunion(var.roll_back, var.any_step), keys(local.given))) == 0
    error_message = join(" ", [
      "roll_back and any_step name what is none of the services:",
      "${join(", ", setsubtract(setunion(var.roll_back, var.any_step), keys(local.given)))}.",
      "These are the services: ${try(coalesce(join(", ", keys(local.given))), "none")}.",
    ])
  }
}
