package system

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mountPoint is a line of /proc/PID/mountinfo.
type mountPoint struct {
	// root is the part of the file system that is mounted, path where.
	root, path string
	// options are those of the super block.
	kind, source, options string
}

// mountsOf lists the mounts that a process sees, in the order of their making.
func mountsOf(process string) ([]mountPoint, error) {
	file, err := os.Open("/proc/" + process + "/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("cannot list the mounts of process %s: %w", process, err)
	}
	defer file.Close()
	return parseMounts(file)
}

// parseMounts reads the format of proc(5): fields apart by blanks, some optional ones closed by a dash, blanks within a
// field written as \040.
func parseMounts(from io.Reader) ([]mountPoint, error) {
	var mounts []mountPoint
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		before, after, found := strings.Cut(lines.Text(), " - ")
		first, second := strings.Fields(before), strings.Fields(after)
		if !found || len(first) < 6 || len(second) < 2 {
			return nil, fmt.Errorf("cannot read the mount %q", lines.Text())
		}
		mount := mountPoint{root: unescape(first[3]), path: unescape(first[4]), kind: second[0], source: unescape(second[1])}
		if len(second) > 2 {
			mount.options = second[2]
		}
		mounts = append(mounts, mount)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cannot list the mounts: %w", err)
	}
	return mounts, nil
}

var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace

// UnmountBelow unmounts everything that is mounted at or below a folder, the newest first.
func UnmountBelow(dir string) error {
	var last error
	// One mount may cover another; each round takes off what can be seen.
	for range 16 {
		mounts, err := mountsOf("self")
		if err != nil {
			return err
		}
		below := 0
		for i := len(mounts) - 1; i >= 0; i-- {
			if !within(mounts[i].path, dir) {
				continue
			}
			below++
			if err := unix.Unmount(mounts[i].path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil &&
				!errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
				last = fmt.Errorf("cannot unmount %s: %w", mounts[i].path, err)
			}
		}
		if below == 0 {
			return nil
		}
	}
	if last == nil {
		last = fmt.Errorf("cannot unmount all below %s: more is mounted meanwhile; stop what does", dir)
	}
	return last
}

// within says whether a path is a folder or something in it.
func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, filepath.Clean(dir)+"/")
}
