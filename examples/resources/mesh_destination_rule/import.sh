terraform import mesh_destination_rule.greeter greeter/k8s-combat-service-istio-mesh
