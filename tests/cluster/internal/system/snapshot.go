package system

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"periplus.dev/testbed/internal/bed"
)

// State is what of a machine a bed can leave traces in, as sorted lines of text that begin with their kind: process,
// mount, namespace, link, address, route, cgroup, rule, setting.
//
// Processes are those of beds: each carries a mark in its environment or is a member of a bed's cgroup, which the
// kernel does not let go while it has members; other processes come and go. Everything else is all that the machine
// has, but for the cgroups beside the one that this process is in, which are those of whoever started it.
type State []string

// Snapshot reads the state of the machine. What belongs to the beds given is left out, as they may change meanwhile.
func Snapshot(except ...*bed.Bed) (State, error) {
	s := &snapshot{namespaces: map[string]string{}}
	for _, b := range except {
		record, err := b.Read()
		if err != nil {
			return nil, err
		}
		s.except = append(s.except, record)
		s.dirs = append(s.dirs, b.Dir)
	}
	for _, read := range []func() error{s.processes, s.mounts, s.networks, s.routes, s.cgroups, s.settings} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("cannot read the state of the machine: %w", err)
		}
	}
	slices.Sort(s.lines)
	return slices.Compact(s.lines), nil
}

// Diff says what another state has that this one has not ("+ "), and the other way round ("- ").
func (s State) Diff(other State) []string {
	var lines []string
	for _, line := range s {
		if _, found := slices.BinarySearch(other, line); !found {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range other {
		if _, found := slices.BinarySearch(s, line); !found {
			lines = append(lines, "+ "+line)
		}
	}
	return lines
}

type snapshot struct {
	except []bed.Record
	dirs   []string
	lines  []string
	// namespaces are network namespaces by their identity, with a file to enter each by.
	namespaces map[string]string
}

func (s *snapshot) add(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

// processes lists the processes of beds, and their namespaces of all kinds.
func (s *snapshot) processes() error {
	pids, err := allPIDs()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		dir := markOf(pid)
		cgroup := bedCgroup(pid)
		if dir == "" && cgroup == "" || s.isExcepted(dir, cgroup) {
			continue
		}
		status, err := readStat(pid)
		if err != nil || status.ended() {
			continue
		}
		s.add("process %d %d %s", pid, status.start, status.command)
		for _, kind := range []string{"mnt", "net", "pid", "uts", "ipc"} {
			file := fmt.Sprintf("/proc/%d/ns/%s", pid, kind)
			own, err := os.Readlink("/proc/self/ns/" + kind)
			if err != nil {
				return err
			}
			name, err := os.Readlink(file)
			if err != nil || name == own {
				continue
			}
			s.add("namespace %s", name)
			if kind == "net" {
				s.namespaces[name] = file
			}
		}
	}
	return nil
}

// cgroupPrefix begins the names of all nodes' cgroups.
const cgroupPrefix = "/ptb-"

// bedCgroup is the first cgroup of a bed that a process is in, or nothing.
func bedCgroup(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && strings.HasPrefix(parts[2], cgroupPrefix) {
			return parts[2]
		}
	}
	return ""
}

func (s *snapshot) isExcepted(dir, cgroup string) bool {
	if dir != "" && slices.Contains(s.dirs, dir) {
		return true
	}
	return cgroup != "" && s.isExceptedCgroup(cgroup)
}

func (s *snapshot) isExceptedCgroup(name string) bool {
	for _, record := range s.except {
		for _, node := range record.Nodes {
			if within(name, node.Cgroup) {
				return true
			}
		}
	}
	return false
}

// mounts lists what this process sees mounted, and the network namespaces that mounts hold.
func (s *snapshot) mounts() error {
	mounts, err := mountsOf("self")
	if err != nil {
		return err
	}
	for _, mount := range mounts {
		if slices.ContainsFunc(s.dirs, func(dir string) bool { return within(mount.path, dir) }) {
			continue
		}
		s.add("mount %s %s %s %s", mount.path, mount.kind, mount.source, mount.root)
		if mount.kind == "nsfs" && strings.HasPrefix(mount.root, "net:") {
			s.add("namespace %s", mount.root)
			s.namespaces[mount.root] = mount.path
		}
	}
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return err
	}
	s.namespaces[own] = "/proc/self/ns/net"
	return nil
}

// networks lists the links, their addresses and the rules of every network namespace that was found.
func (s *snapshot) networks() error {
	for name, file := range s.namespaces {
		// A namespace that ended with its process meanwhile is none any more.
		if err := s.network(name, Space{Net: file}); err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

func (s *snapshot) network(name string, space Space) error {
	err := space.Do(func() error {
		links, err := net.Interfaces()
		if err != nil {
			return fmt.Errorf("cannot list the links of %s: %w", name, err)
		}
		for _, link := range links {
			if s.isExceptedLink(link.Name) {
				continue
			}
			s.add("link %s %s", name, link.Name)
			addresses, err := link.Addrs()
			if err != nil {
				return fmt.Errorf("cannot list the addresses of %s: %w", link.Name, err)
			}
			for _, address := range addresses {
				s.add("address %s %s %s", name, link.Name, address)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	rules, err := tool(space, "", "nft", "--stateless", "list", "ruleset")
	if err != nil {
		return err
	}
	table := ""
	for line := range strings.Lines(rules) {
		line = strings.TrimSpace(line)
		if rest, found := strings.CutPrefix(line, "table "); found {
			table = strings.TrimSuffix(rest, " {")
		}
		if line != "" && line != "}" {
			s.add("rule %s %s: %s", name, table, line)
		}
	}
	return nil
}

func (s *snapshot) isExceptedLink(name string) bool {
	// The hub belongs to all beds there are.
	return slices.ContainsFunc(s.except, func(r bed.Record) bool { return name == r.HubLink() || name == bed.Hub })
}

// routes lists those of the machine's own namespace; the others' end with them.
func (s *snapshot) routes() error {
	text, err := tool(Space{}, "", "ip", "-oneline", "route", "show", "table", "all")
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || slices.ContainsFunc(s.except, func(r bed.Record) bool {
			return fields[0] == r.RegionRange() || fields[0] == r.PodRange() || slices.Contains(fields, r.HubLink()) ||
				slices.Contains(fields, bed.Hub) && !slices.Contains(fields, "via")
		}) {
			continue
		}
		s.add("route %s", strings.Join(fields, " "))
	}
	return nil
}

func (s *snapshot) cgroups() error {
	trees, err := hierarchies()
	if err != nil {
		return err
	}
	beside, err := besideOwn()
	if err != nil {
		return err
	}
	for _, tree := range trees {
		err := filepath.WalkDir(tree.path, func(folder string, entry fs.DirEntry, err error) error {
			if gone(err) || err == nil && !entry.IsDir() {
				return nil
			}
			if err != nil {
				return err
			}
			name := "/" + strings.TrimPrefix(strings.TrimPrefix(folder, tree.path), "/")
			if slices.ContainsFunc(beside, func(dir string) bool { return within(name, dir) }) || s.isExceptedCgroup(name) {
				return fs.SkipDir
			}
			s.add("cgroup %s", folder)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settings lists what is changed of the machine as long as there are beds; without beds, what it will be again.
func (s *snapshot) settings() error {
	text, err := os.ReadFile(instances)
	if len(s.except) > 0 {
		if kept, failed := os.ReadFile(keptLimit(bed.Root())); failed == nil {
			text, err = kept, nil
		}
	}
	if err != nil {
		return err
	}
	s.add("setting %s %s", instances, strings.TrimSpace(string(text)))
	return nil
}

// besideOwn are the cgroups that hold the one this process is in, but for the roots.
func besideOwn() ([]string, error) {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	var folders []string
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) == 3 && path.Dir(parts[2]) != "/" {
			folders = append(folders, path.Dir(parts[2]))
		}
	}
	return folders, nil
}
