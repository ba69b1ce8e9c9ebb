// Command floor is a plugin with the provider's schemas that does nothing: what Terraform and the protocol cost with
// them, whatever a provider does. It plans and applies what Terraform proposes and reads what is in the state.
package main

import (
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/meshroute/terraform-provider-mesh/internal/provider"
)

func main() {
	for _, logger := range []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_PROVIDER_MESH"} {
		if err := os.Setenv(logger, "OFF"); err != nil {
			log.Fatal(err)
		}
	}
	go provider.EndWithParent()
	newServer := providerserver.NewProtocol6(provider.New("floor")())
	err := tf6server.Serve("registry.terraform.io/meshroute/mesh", func() tfprotov6.ProviderServer {
		return floor{newServer()}
	})
	if err != nil {
		log.Fatal(err)
	}
}
