package acctest

import (
	"os"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Factories serve the provider to the steps of a test, under the address that its users give it.
func Factories(newProvider func() provider.Provider) map[string]func() (tfprotov6.ProviderServer, error) {
	if err := os.Setenv("TF_ACC_PROVIDER_NAMESPACE", "meshroute"); err != nil {
		panic(err)
	}
	return map[string]func() (tfprotov6.ProviderServer, error){
		"mesh": providerserver.NewProtocol6WithError(newProvider()),
	}
}
