package provider

import (
	"os"
	"time"

	"github.com/meshroute/terraform-provider-mesh/internal/provider/guard"
)

// EndWithParent ends this process once the one that started it has ended and no apply is under way. A Terraform that
// is killed tells its plugins nothing, and they would stay for ever.
func EndWithParent() {
	parent := os.Getppid()
	for os.Getppid() == parent || guard.Applying() {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}
