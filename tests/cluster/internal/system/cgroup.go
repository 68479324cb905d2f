package system

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"periplus.dev/testbed/internal/bed"
)

// hierarchy is a mounted tree of cgroups.
type hierarchy struct {
	path string
	// unified is the one tree of version 2; all others are version 1, with the controllers named.
	unified     bool
	controllers []string
}

// hierarchies are the mounted trees of cgroups. A machine has one of version 2, or several of version 1, with or
// without one of version 2 beside them that has no controllers.
func hierarchies() ([]hierarchy, error) {
	mounts, err := mountsOf("self")
	if err != nil {
		return nil, err
	}
	var found []hierarchy
	for _, mount := range mounts {
		switch mount.kind {
		case "cgroup2":
			text, err := os.ReadFile(filepath.Join(mount.path, "cgroup.controllers"))
			if err != nil {
				return nil, fmt.Errorf("cannot read the controllers of %s: %w", mount.path, err)
			}
			found = append(found, hierarchy{mount.path, true, strings.Fields(string(text))})
		case "cgroup":
			found = append(found, hierarchy{mount.path, false, strings.Split(mount.options, ",")})
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no cgroups are mounted: mount cgroup2 at /sys/fs/cgroup")
	}
	return found, nil
}

// renewCgroup makes a node's cgroup in every hierarchy, empty, in the place of the one of its last start.
func renewCgroup(ctx context.Context, b *bed.Bed, node bed.Node) error {
	if err := removeCgroup(ctx, node.Cgroup); err != nil {
		return err
	}
	if err := b.Own(bed.Thing{Kind: bed.Cgroup, Name: node.Cgroup, Node: node.Name}); err != nil {
		return err
	}
	return makeCgroup(node.Cgroup)
}

// settle moves the first process of a node from the node's cgroup to that of its own processes, because in version 2 a
// cgroup has either members or children with controllers.
func settle(node bed.Node, pid int) error {
	trees, err := hierarchies()
	if err != nil {
		return err
	}
	name := SystemCgroup(node)
	for _, tree := range trees {
		if err := tree.mkdir(filepath.Join(tree.path, name)); err != nil {
			return fmt.Errorf("cannot make cgroup %s in %s: %w", name, tree.path, err)
		}
		members := filepath.Join(tree.path, name, "cgroup.procs")
		if err := os.WriteFile(members, []byte(strconv.Itoa(pid)), 0o644); err != nil {
			return fmt.Errorf("cannot move process %d to cgroup %s: %w", pid, name, err)
		}
		if tree.unified {
			if err := tree.delegate(filepath.Join(tree.path, node.Cgroup)); err != nil {
				return fmt.Errorf("cannot hand the controllers down in %s: %w", node.Cgroup, err)
			}
		}
	}
	return nil
}

// makeCgroup makes a cgroup below the root of every hierarchy, with the same CPUs and memory nodes as the root.
func makeCgroup(name string) error {
	trees, err := hierarchies()
	if err != nil {
		return err
	}
	for _, tree := range trees {
		if tree.unified {
			err = tree.delegate(tree.path)
		}
		if err == nil {
			err = tree.mkdir(filepath.Join(tree.path, name))
		}
		if err != nil {
			return fmt.Errorf("cannot make cgroup %s in %s: %w", name, tree.path, err)
		}
	}
	return nil
}

// mkdir makes one cgroup.
func (h hierarchy) mkdir(folder string) error {
	if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if h.unified || !slices.Contains(h.controllers, "cpuset") {
		return nil
	}
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		if err := inherit(filepath.Join(filepath.Dir(folder), file), filepath.Join(folder, file)); err != nil {
			return err
		}
	}
	return nil
}

// delegate lets the children of a cgroup of version 2 have all controllers. One that this machine cannot hand down
// (the CPU controller while there are real-time processes) is left out, as kubelet names those it misses.
func (h hierarchy) delegate(at string) error {
	file := filepath.Join(at, "cgroup.subtree_control")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	on := strings.Fields(string(text))
	for _, controller := range h.controllers {
		if slices.Contains(on, controller) {
			continue
		}
		if err := os.WriteFile(file, []byte("+"+controller), 0o644); err != nil && !errors.Is(err, unix.EINVAL) &&
			!errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EBUSY) && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}

// inherit copies a setting that a new cgroup has empty, and without which no process may enter it.
func inherit(from, to string) error {
	have, err := os.ReadFile(to)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(have)) != "" {
		return nil
	}
	value, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, value, 0o644)
}

// joinCgroup lets what the calling thread starts be born in a cgroup: in version 1 the thread itself goes there, in
// version 2 the new process is put there by the kernel. The function returned is called after the start.
func joinCgroup(name string, attributes *syscall.SysProcAttr) (func(), error) {
	leave := func() {}
	if name == "" {
		return leave, nil
	}
	trees, err := hierarchies()
	if err != nil {
		return leave, err
	}
	for _, tree := range trees {
		if !tree.unified {
			tasks := filepath.Join(tree.path, name, "tasks")
			if err := os.WriteFile(tasks, []byte("0"), 0o644); err != nil {
				return leave, fmt.Errorf("cannot enter cgroup %s: %w", tasks, err)
			}
			continue
		}
		fd, err := unix.Open(filepath.Join(tree.path, name), unix.O_DIRECTORY|unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return leave, fmt.Errorf("cannot open cgroup %s in %s: %w", name, tree.path, err)
		}
		attributes.UseCgroupFD, attributes.CgroupFD = true, fd
		leave = func() { _ = unix.Close(fd) }
	}
	return leave, nil
}

// RemoveCgroup ends every process in a bed's cgroup and below, and removes it from every hierarchy. One that is gone
// is no error.
func RemoveCgroup(ctx context.Context, b *bed.Bed, name, node string) error {
	if err := removeCgroup(ctx, name); err != nil {
		return err
	}
	return b.Disown(bed.Thing{Kind: bed.Cgroup, Name: name, Node: node})
}

func removeCgroup(ctx context.Context, name string) error {
	trees, err := hierarchies()
	if err != nil {
		return err
	}
	for _, tree := range trees {
		if err := removeTree(ctx, filepath.Join(tree.path, name)); err != nil {
			return err
		}
	}
	return nil
}

func removeTree(ctx context.Context, root string) error {
	for {
		members, err := cgroupMembers(root)
		if err != nil {
			return err
		}
		if err := killAll(ctx, members); err != nil {
			return err
		}
		err = removeFolders(root)
		if err == nil {
			return nil
		}
		// The kernel lets go of a cgroup a little after its last process, and tells nobody of version 1.
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot remove cgroup %s: %w", root, errors.Join(err, context.Cause(ctx)))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// cgroupMembers finds the processes in a cgroup and below it.
func cgroupMembers(root string) ([]running, error) {
	var members []running
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if gone(err) {
			return nil
		}
		if err != nil || !entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if gone(err) || errors.Is(err, unix.EOPNOTSUPP) {
			return nil
		}
		if err != nil {
			return err
		}
		for field := range strings.FieldsSeq(string(text)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				return err
			}
			if status, err := readStat(pid); err == nil && pid != os.Getpid() {
				members = append(members, running{pid, status.start, status.command})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the processes of cgroup %s: %w", root, err)
	}
	return members, nil
}

// removeFolders removes a cgroup and those in it, the deepest first.
func removeFolders(root string) error {
	var folders []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if gone(err) {
			return nil
		}
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, folder := range slices.Backward(folders) {
		if err := unix.Rmdir(folder); err != nil && !gone(err) {
			return fmt.Errorf("cannot remove %s: %w", folder, err)
		}
	}
	return nil
}

// gone says whether an error means that what was looked for has ended meanwhile.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) }
