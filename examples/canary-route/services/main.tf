# The same canary for each service of a team, with a share of its own.
variable "canaries" {
  description = "Share of the requests that v2 answers, in percent, by service."
  type        = map(number)
  default     = { cart = 0, checkout = 10 }
}

resource "mesh_canary_route" "team" {
  for_each = var.canaries

  service   = each.key
  namespace = "greeter"

  subsets = {
    v1 = { labels = { version = "v1" } }
    v2 = { labels = { version = "v2" } }
  }

  default         = { weights = { v1 = null, v2 = each.value } }
  max_weight_step = 20
}
