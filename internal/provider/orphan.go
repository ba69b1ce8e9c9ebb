package provider

import (
	"os"
	"sync/atomic"
	"time"
)

// changes are how many applies are under way in this process.
var changes atomic.Int64

// EndWithParent ends this process once the one that started it has ended and no apply is under way. A Terraform that is killed tells
// its plugins nothing, and they would stay for ever.
func EndWithParent() {
	parent := os.Getppid()
	for os.Getppid() == parent || changes.Load() > 0 {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}
