// Package untouched is for tests that change the machine: it makes them run one at a time, and fails those that do not
// leave the machine as it was.
package untouched

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/system"
)

// Check skips the test where it cannot run. Elsewhere it waits until no other such test of this machine runs, and
// compares the machine at the end of the test, after all that the test cleans up, with what it is now. Beds that are
// there already are nobody's business here; they are returned.
func Check(t *testing.T) []*bed.Bed {
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
	others, err := bed.List(bed.Root())
	if err != nil {
		t.Fatal(err)
	}
	before, err := system.Snapshot(others...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		still := slices.DeleteFunc(slices.Clone(others), func(b *bed.Bed) bool {
			_, err := b.Read()
			return err != nil
		})
		after, err := system.Snapshot(still...)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range before.Diff(after) {
			t.Error(line)
		}
	})
	return others
}
