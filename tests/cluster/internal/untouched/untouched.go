// Package untouched is for tests that change the machine: it makes them run one at a time, and fails those that do not
// leave the machine as it was.
package untouched

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/system"
)

// Name is a name for a bed of a test that no other process uses.
func Name(word string) string { return word + strconv.Itoa(os.Getpid()) }

// Check skips the test where it cannot run. Elsewhere it waits until no other such test of this machine runs, and
// compares the machine at the end of the test, after all that the test cleans up, with what it is now. What belongs to
// beds that are on record at these moments is nobody's business here.
func Check(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	for _, program := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs %s: scripts/setup.sh test installs it", program)
		}
	}
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "periplus-testbed-tests.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Close() })
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	before := State(t)
	t.Cleanup(func() {
		for _, line := range before.Diff(State(t)) {
			t.Error(line)
		}
	})
}

// State is the state of the machine without what belongs to beds on record, but for those given.
func State(t *testing.T, own ...*bed.Bed) system.State {
	t.Helper()
	beds, err := bed.List(bed.Root())
	if err != nil {
		t.Fatal(err)
	}
	others := slices.DeleteFunc(beds, func(b *bed.Bed) bool {
		_, err := b.Read()
		return err != nil || slices.ContainsFunc(own, func(o *bed.Bed) bool { return o.Name == b.Name })
	})
	state, err := system.Snapshot(others...)
	if err != nil {
		t.Fatal(err)
	}
	return state
}
