// Package system is the machine under a test bed: processes that outlive the command which started them, network
// namespaces and the links between them, cgroups, mounts, tables of rules; and the way to remove them all again.
//
// What it makes for a bed it records in the bed first. What it removes it finds twice: by the record, and by what the
// kernel says (the mark in a process's environment, the members of a cgroup, the mounts below a folder), so that
// nothing stays behind when the maker was killed between making and recording. It never signals a number: a process
// is held by a descriptor, and its time of start is compared before anything is sent.
package system

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
	"periplus.dev/testbed/internal/bed"
)

// Space is the set of namespaces that something is done in.
type Space struct {
	// Net is the file that holds a network namespace; empty for that of the caller, or of Init.
	Net string
	// Init is the first process of a node, all of whose namespaces are entered; 0 for none.
	Init int
}

// NamespaceFile is the file that holds a bed's network namespace.
func NamespaceFile(b *bed.Bed, name string) string { return filepath.Join(b.Dir, "netns", name) }

// Region is the space of a bed's control plane, which is also the router of its nodes.
func Region(b *bed.Bed, record *bed.Record) Space {
	return Space{Net: NamespaceFile(b, record.Region())}
}

// Do runs a function on a thread that is in the space, and throws the thread away afterwards. Files the function opens
// by name are those of the space.
//
// A thread only, not the process: no `ip netns exec`, whose fresh /sys hides the cgroups from what it starts.
func (s Space) Do(do func() error) error {
	if s == (Space{}) {
		return do()
	}
	return onThread(func() error {
		if err := s.enter(); err != nil {
			return err
		}
		return do()
	})
}

// onThread runs a function on a thread of its own, which does not come back into use: a goroutine that ends without
// unlocking takes its thread with it.
func onThread(do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() {
			// /proc/self speaks of the first thread, so that one stays where it is. While it is held here, another
			// goroutine cannot get it.
			defer runtime.UnlockOSThread()
			done <- onThread(do)
			return
		}
		done <- do()
	}()
	return <-done
}

// enter moves the calling thread for good.
func (s Space) enter() error {
	if s.Init == 0 {
		return enterFile(s.Net, unix.CLONE_NEWNET)
	}
	// A thread that shares its root with others cannot change its mount namespace.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("cannot leave the process's root: %w", err)
	}
	pidfd, err := unix.PidfdOpen(s.Init, 0)
	if err != nil {
		return fmt.Errorf("cannot enter the node of process %d; is it stopped?: %w", s.Init, err)
	}
	defer unix.Close(pidfd)
	const all = unix.CLONE_NEWCGROUP | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWPID | unix.CLONE_NEWNS
	if err := unix.Setns(pidfd, all); err != nil {
		return fmt.Errorf("cannot enter the namespaces of process %d: %w", s.Init, err)
	}
	return nil
}

func enterFile(path string, kind int) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("cannot open the namespace %s: %w", path, err)
	}
	defer unix.Close(fd)
	if err := unix.Setns(fd, kind); err != nil {
		return fmt.Errorf("cannot enter the namespace %s: %w", path, err)
	}
	return nil
}

// MakeNamespace makes a network namespace of a bed and holds it in a file, with its loopback up. One that is there
// already is kept.
func MakeNamespace(b *bed.Bed, name, node string) error {
	path := NamespaceFile(b, name)
	if isNamespace(path) {
		return nil
	}
	if err := b.Own(bed.Thing{Kind: bed.Namespace, Name: name, Node: node}); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("cannot make the folder of the namespaces: %w", err)
	}
	if err := os.WriteFile(path, nil, 0o444); err != nil && !os.IsPermission(err) {
		return fmt.Errorf("cannot make the file of namespace %s: %w", name, err)
	}
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("cannot make network namespace %s (this needs root): %w", name, err)
		}
		own := "/proc/" + strconv.Itoa(os.Getpid()) + "/task/" + strconv.Itoa(unix.Gettid()) + "/ns/net"
		if err := unix.Mount(own, path, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("cannot hold network namespace %s at %s: %w", name, path, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return ip(Space{Net: path}, "link set lo up")
}

// RemoveNamespace lets a network namespace go; it ends with its last process. One that is gone is no error.
func RemoveNamespace(b *bed.Bed, name, node string) error {
	path := NamespaceFile(b, name)
	for isNamespace(path) {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("cannot let network namespace %s go: %w", name, err)
		}
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("cannot remove the file of network namespace %s: %w", name, err)
	}
	return b.Disown(bed.Thing{Kind: bed.Namespace, Name: name, Node: node})
}

func isNamespace(path string) bool {
	var status unix.Statfs_t
	return unix.Statfs(path, &status) == nil && status.Type == unix.NSFS_MAGIC
}
