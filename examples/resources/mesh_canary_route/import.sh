terraform import mesh_canary_route.greeter greeter/k8s-combat-service-istio-mesh
