//go:build !linux

package process

import "syscall"

// boundToParent does nothing here: only Linux has a parent death signal. On other systems children end with this
// process unless it is killed with SIGKILL.
func boundToParent(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
