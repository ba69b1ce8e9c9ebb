# What is not in Terraform yet is asked as it stands in the files for kubectl: file("edge.yaml") in place of the text.
locals {
  edge = <<-EOT
    apiVersion: networking.istio.io/v1
    kind: Gateway
    metadata: { name: web, namespace: edge }
    spec:
      selector: { istio: ingressgateway }
      servers:
        - port: { number: 80, name: http, protocol: HTTP }
          hosts: ["*.example.com"]
          tls: { httpsRedirect: true }
        - port: { number: 443, name: https, protocol: HTTPS }
          hosts: ["shop/*.example.com"]
          tls: { mode: SIMPLE, credentialName: example-com }
    ---
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: { name: shop, namespace: shop }
    spec:
      hosts: [shop.example.com]
      gateways: [edge/web]
      http:
        - route: [{ destination: { host: greeter, subset: v1 } }]
  EOT

  # An object of yamldecode(...), or the manifest of a kubernetes_manifest.
  subsets = yamldecode(<<-EOT
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: { name: greeter, namespace: shop }
    spec:
      host: greeter
      subsets: [{ name: v1, labels: { version: v1 } }]
  EOT
  )

  arrivals = {
    plain = { gateway = "edge/web", authority = "shop.example.com", path = "/cart" }
    tls   = { gateway = "edge/web", authority = "shop.example.com", scheme = "https" }
    other = { gateway = "edge/web", authority = "blog.example.org" }
  }
}

# plain: Gateway "edge/web" answers requests for shop.example.com over plain http on port 80 with 301, a redirect to
# https, before it looks at any rule. tls: Rule http[0]: all requests go to v1. other: Gateway "edge/web" does not serve
# blog.example.org on port 80: it answers 404.
output "arrivals" {
  value = {
    for name, request in local.arrivals : name => provider::mesh::evaluate([local.edge, local.subsets], request).summary
  }
}
