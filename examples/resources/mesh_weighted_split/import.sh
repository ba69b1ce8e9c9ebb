terraform import mesh_weighted_split.greeter greeter/k8s-combat-service-istio-mesh

# A DestinationRule under another name:
terraform import mesh_weighted_split.greeter greeter/my-virtual-service/my-destination-rule
