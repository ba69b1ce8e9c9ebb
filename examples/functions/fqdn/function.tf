# greeter.shop.svc.cluster.local
output "host" {
  value = provider::mesh::fqdn("greeter", "shop")
}
