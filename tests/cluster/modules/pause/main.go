// Pause is the first process of a pod's sandbox and of a node: it holds their namespaces open and buries the dead.
//
// A process whose parent has ended becomes the child of the first process of its namespace, which has to ask how it
// ended, or it stays in the process table for ever.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
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
