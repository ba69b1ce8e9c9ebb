package acctest

import (
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Factories serve the provider to the steps of a test, under the address that its users give it.
func Factories(newServer func() tfprotov6.ProviderServer) map[string]func() (tfprotov6.ProviderServer, error) {
	if err := os.Setenv("TF_ACC_PROVIDER_NAMESPACE", "meshroute"); err != nil {
		panic(err)
	}
	return map[string]func() (tfprotov6.ProviderServer, error){
		"mesh": func() (tfprotov6.ProviderServer, error) { return newServer(), nil },
	}
}
