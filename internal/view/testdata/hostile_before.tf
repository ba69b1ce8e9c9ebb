# Names that would break out of a page or a comment, wherever one can stand.
locals {
  hostile = {
    html     = "</title></svg><script>pwned=1</script><img src=x onerror=pwned=1>"
    quotes   = "\"'`&quot;&lt;"
    markdown = "```\n# heading\n| a | b |\n@everyone [x](http://127.0.0.1:9/x)"
    marks    = "\u202egnp.exe\u200b\u2066"
    long     = join("", [for _ in range(60) : "looooooooong "])
    template = "{{.}} $${x} javascript:pwned=1"
  }
}

resource "mesh_virtual_service" "hostile" {
  for_each = toset(values(local.hostile))

  name      = "hostile-${substr(sha1(each.key), 0, 8)}"
  namespace = "greeter"
  hosts     = ["${substr(sha1(each.key), 0, 8)}.example"]

  annotations = { note = "before" }

  http = [
    {
      name  = each.key
      match = [{ headers = { x = { exact = each.key } } }]
      route = [{ destination = { host = "echo", subset = "v1" } }]
    },
    { route = [{ destination = { host = "echo", subset = "v1" }, weight = 100 }] },
  ]
}

check "hostile" {
  assert {
    condition     = length(local.hostile) == 0
    error_message = join(" ", values(local.hostile))
  }
}
