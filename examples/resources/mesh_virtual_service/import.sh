terraform import mesh_virtual_service.greeter greeter/k8s-combat-service-istio-mesh
