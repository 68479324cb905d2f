// Pause is the first process of a pod's sandbox and of a node: it holds their namespaces open and buries the dead.
//
// A process whose parent has ended becomes the child of the first process of its namespace, which has to ask how it
// ended, or it stays in the process table for ever.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// A namespace belongs to a thread; the one that a process is asked about is its first, which main then keeps.
func init() { runtime.LockOSThread() }

func main() {
	// A node has cgroups of its own: the one it is started in becomes the root of what it sees.
	if len(os.Args) > 1 && os.Args[1] == "--own-cgroups" {
		if err := syscall.Unshare(syscall.CLONE_NEWCGROUP); err != nil {
			fmt.Fprintln(os.Stderr, "error: cannot make a cgroup namespace:", err)
			os.Exit(1)
		}
	}
	stop, ended := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	signal.Notify(ended, syscall.SIGCHLD)
	for {
		bury()
		select {
		case <-stop:
			return
		case <-ended:
		}
	}
}

// bury asks for the end of every child that has ended.
func bury() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if pid <= 0 || err != nil {
			return
		}
	}
}
