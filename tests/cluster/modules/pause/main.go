// Pause is the first process of a pod's sandbox and of a node: it holds their namespaces open and buries the dead.
//
// A process whose parent has ended becomes the child of the first process of its namespace, which has to ask how it
// ended, or it stays in the process table for ever.
//
//	pause                        a pod's
//	pause --own-cgroups          a node's: the cgroup it is started in becomes the root of what the node sees
//	pause --start PROGRAM ARG…   starts a program as a child of the first process, and tells by the socket that is file
//	                             3 which process it is
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
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 1 && args[0] == "--start" {
		return start(args[1:])
	}
	if len(args) == 1 && args[0] == "--own-cgroups" {
		if err := syscall.Unshare(syscall.CLONE_NEWCGROUP); err != nil {
			return fmt.Errorf("cannot make a cgroup namespace: %w", err)
		}
	}
	pause()
	return nil
}

// socket is the file by which --start tells who it has started.
const socket = 3

// start ends at once, so what it starts gets the first process for its parent. The number of a process is another in
// each namespace; the kernel translates one that is sent as credentials.
func start(argv []string) error {
	syscall.CloseOnExec(socket)
	process, err := os.StartProcess(argv[0], argv, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("cannot start %s: %w", argv[0], err)
	}
	who := syscall.UnixCredentials(&syscall.Ucred{Pid: int32(process.Pid)})
	if err := syscall.Sendmsg(socket, []byte{0}, who, nil, 0); err != nil {
		return fmt.Errorf("cannot tell who %s is: %w", argv[0], err)
	}
	return nil
}

// pause ends when it is asked to.
func pause() {
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
