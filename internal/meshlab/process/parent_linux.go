package process

import "syscall"

// boundToParent makes the kernel send s to the child when the thread that started it ends.
func boundToParent(s syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: s}
}
