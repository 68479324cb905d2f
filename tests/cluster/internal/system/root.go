package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	"periplus.dev/testbed/internal/bed"
)

// Root is the tree of files that a node sees: its own folder with the machine's programs, devices and cgroups in it.
type Root struct {
	// Dir is the folder that becomes "/"; what a node writes stays there.
	Dir string
	// Folders are folders of the machine by the path within the node at which they are seen.
	Folders map[string]string
	// BootID is what the node reads as the kernel's identity of this boot, as each start of a node is one.
	BootID string
}

// BootIDFile is the file of a node that holds the identity of its last start.
const BootIDFile = "/etc/boot-id"

// shared are the parts of the machine that a node sees, unchangeable.
var shared = []string{"/usr", "/etc/alternatives", "/etc/ssl"}

// linked are folders that are links into /usr on most machines.
var linked = []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}

// MakeRoot gives a node that was just started its host name and its own tree of files. The mounts are the node's own:
// the machine does not see them, and they end with the node.
func MakeRoot(b *bed.Bed, node string, root Root) error {
	space, _, err := nodeSpace(b, node)
	if err != nil {
		return err
	}
	if err := space.Do(func() error { return root.mount(node) }); err != nil {
		return fmt.Errorf("cannot make the root of node %s: %w", node, err)
	}
	// Which processes /proc shows is decided by who mounts it: this has to be a process of the node.
	if _, err := tool(space, "", "mount", "-t", "proc", "proc", root.Dir+"/proc"); err != nil {
		return fmt.Errorf("cannot make /proc of node %s: %w", node, err)
	}
	if err := space.Do(root.pivot); err != nil {
		return fmt.Errorf("cannot make the root of node %s: %w", node, err)
	}
	return nil
}

// mount runs within the node's namespaces, in which the machine's tree is still seen.
func (r Root) mount(hostname string) error {
	if err := unix.Sethostname([]byte(hostname)); err != nil {
		return fmt.Errorf("cannot set the host name: %w", err)
	}
	// Nothing mounted here may reach the machine.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("cannot part the mounts from the machine's: %w", err)
	}
	if err := bind(r.Dir, r.Dir, 0); err != nil {
		return err
	}
	for _, dir := range []string{"/proc", "/sys", "/dev", "/run", "/tmp", "/root", "/.machine"} {
		if err := os.MkdirAll(r.Dir+dir, 0o755); err != nil {
			return err
		}
	}
	if err := r.mountMachine(); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", r.Dir+"/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return fmt.Errorf("cannot mount /run: %w", err)
	}
	if err := bind("/dev", r.Dir+"/dev", unix.MS_REC); err != nil {
		return err
	}
	if err := r.mountSys(); err != nil {
		return err
	}
	for inside, outside := range r.Folders {
		if err := show(outside, r.Dir+inside); err != nil {
			return err
		}
	}
	return nil
}

// show mounts a folder of the machine unchangeable.
func show(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := bind(from, to, unix.MS_REC); err != nil {
		return err
	}
	if err := unix.Mount("", to, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("cannot make %s read-only: %w", to, err)
	}
	return nil
}

// mountMachine shows the parts of the machine that are shared.
func (r Root) mountMachine() error {
	for _, dir := range shared {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := show(dir, r.Dir+dir); err != nil {
			return err
		}
	}
	for _, dir := range linked {
		target, err := os.Readlink(dir)
		switch {
		case err == nil:
			if err := os.Symlink(target, r.Dir+dir); err != nil && !errors.Is(err, fs.ErrExist) {
				return err
			}
		case errors.Is(err, fs.ErrNotExist):
		default:
			if err := show(dir, r.Dir+dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// mountSys makes a /sys that shows the node's own network links and cgroups, with everything else that the machine
// mounted in its own.
func (r Root) mountSys() error {
	if err := unix.Mount("sysfs", r.Dir+"/sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("cannot mount /sys: %w", err)
	}
	mounts, err := mountsOf("self")
	if err != nil {
		return err
	}
	for _, mount := range mounts {
		if !strings.HasPrefix(mount.path, "/sys/") {
			continue
		}
		to := r.Dir + mount.path
		switch {
		case strings.HasPrefix(mount.kind, "cgroup"):
			err = mountCgroup(mount, to)
		case mount.kind == "tmpfs":
			// The folder of the hierarchies of version 1; a copy, as the machine's shows the machine's.
			err = unix.Mount("tmpfs", to, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=755")
		default:
			err = bind(mount.path, to, 0)
		}
		if err != nil {
			return fmt.Errorf("cannot mount %s: %w", mount.path, err)
		}
	}
	return r.linkControllers()
}

// mountCgroup mounts a hierarchy as this cgroup namespace sees it: with the node's cgroup as its root.
func mountCgroup(mount mountPoint, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	options := ""
	if mount.kind == "cgroup" {
		for option := range strings.SplitSeq(mount.options, ",") {
			if option != "rw" && option != "ro" {
				options += "," + option
			}
		}
		options = strings.TrimPrefix(options, ",")
		if strings.HasPrefix(options, "name=") {
			options = "none," + options
		}
	}
	return unix.Mount("cgroup", to, mount.kind, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, options)
}

// linkControllers repeats the links beside the hierarchies of version 1, by which a controller that shares one is found.
func (r Root) linkControllers() error {
	const folder = "/sys/fs/cgroup"
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		target, err := os.Readlink(filepath.Join(folder, entry.Name()))
		if err != nil {
			continue
		}
		if err := os.Symlink(target, filepath.Join(r.Dir, folder, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// pivot makes the folder the root of everything in the node.
func (r Root) pivot() error {
	// On the node's disk, so that it is no file system more for those who list them.
	bootID := r.Dir + BootIDFile
	if err := os.WriteFile(bootID, []byte(r.BootID+"\n"), 0o644); err != nil {
		return err
	}
	if err := bind(bootID, r.Dir+"/proc/sys/kernel/random/boot_id", 0); err != nil {
		return err
	}
	if err := unix.PivotRoot(r.Dir, r.Dir+"/.machine"); err != nil {
		return fmt.Errorf("cannot change the root: %w", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return fmt.Errorf("cannot enter the new root: %w", err)
	}
	if err := unix.Unmount("/.machine", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("cannot leave the machine's files: %w", err)
	}
	if err := unix.Rmdir("/.machine"); err != nil {
		return fmt.Errorf("cannot leave the machine's files: %w", err)
	}
	// As on a machine that starts with systemd: mounts made in a pod with mountPropagation are seen by others.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("cannot share the mounts within the node: %w", err)
	}
	return nil
}

// bind shows a file or folder at a second place.
func bind(from, to string, flags uintptr) error {
	if err := unix.Mount(from, to, "", unix.MS_BIND|flags, ""); err != nil {
		return fmt.Errorf("cannot mount %s at %s: %w", from, to, err)
	}
	return nil
}
