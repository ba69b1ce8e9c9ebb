package provider

import (
	"os"
	"time"
)

// EndWithParent ends this process once the one that started it has ended and no apply is under way. A Terraform that is killed tells
// its plugins nothing, and they would stay for ever.
func EndWithParent() {
	parent := os.Getppid()
	for os.Getppid() == parent || isApplying() {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}
