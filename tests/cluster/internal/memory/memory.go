// Package memory says how much memory the parts of a bed use, as the kernel accounts it.
package memory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// OfProcess returns a process's resident memory, and its share: pages that several processes have (the program's own,
// as six parts of Kubernetes are one program) are counted by the part that falls to it. In bytes.
func OfProcess(pid int) (resident, share uint64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("cannot read the memory of process %d: %w", pid, err)
	}
	return rollup(string(text))
}

// rollup reads /proc/PID/smaps_rollup, whose values are in kibibytes.
func rollup(text string) (resident, share uint64, err error) {
	values := map[string]uint64{}
	for line := range strings.Lines(text) {
		name, rest, found := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if !found || len(fields) != 2 || fields[1] != "kB" {
			continue
		}
		value, err := strconv.ParseUint(fields[0], 10, 54)
		if err != nil {
			return 0, 0, fmt.Errorf("cannot read the memory in %q: %w", line, err)
		}
		values[name] = value << 10
	}
	resident, found := values["Rss"]
	share, foundShare := values["Pss"]
	if !found || !foundShare {
		return 0, 0, errors.New("the kernel says nothing of the resident memory")
	}
	return resident, share, nil
}

// OfCgroup returns the anonymous memory, in bytes, of everything in a cgroup and below it, by its path below the root
// of the hierarchy. Files' pages in memory are left out: they are there because there is room.
func OfCgroup(path string) (uint64, error) {
	for _, place := range []struct{ root, value string }{
		{"/sys/fs/cgroup/memory", "total_rss"}, // version 1
		{"/sys/fs/cgroup", "anon"},             // version 2
	} {
		text, err := os.ReadFile(filepath.Join(place.root, path, "memory.stat"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("cannot read the memory of cgroup %s: %w", path, err)
		}
		return stat(string(text), place.value)
	}
	return 0, fmt.Errorf("cgroup %s is in no hierarchy that accounts memory", path)
}

func stat(text, name string) (uint64, error) {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strconv.ParseUint(strings.TrimSpace(value), 10, 64)
		}
	}
	return 0, fmt.Errorf("no %s in memory.stat", name)
}

// Text writes bytes for people.
func Text(bytes uint64) string {
	if bytes == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
}
