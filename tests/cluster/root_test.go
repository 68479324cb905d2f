package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/binaries"
	"periplus.dev/testbed/internal/untouched"
)

// asTool makes this test program act as the tool itself: what is killed here is a process like any other `testbed`.
const asTool = "TESTBED_TEST_AS_TOOL"

func TestMain(m *testing.M) {
	if os.Getenv(asTool) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// tool is a command of the tool that is not started yet, and what it will have said.
func tool(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	var said bytes.Buffer
	command := exec.CommandContext(ctx, "/proc/self/exe", args...)
	command.Env = append(os.Environ(), asTool+"=1")
	command.Stdout, command.Stderr = &said, &said
	// What it started holds the output open.
	command.WaitDelay = time.Second
	return command, &said
}

func runTool(t *testing.T, args ...string) {
	t.Helper()
	command, said := tool(t, args...)
	if err := command.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("testbed %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

// needPrograms skips a test where the programs of a cluster are not built: that takes a quarter of an hour.
func needPrograms(t *testing.T) {
	t.Helper()
	cache, err := binaries.Default(t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kubelet", "containerd", "runc", "bridge", "coredns", "pause", "kwok"} {
		build, err := binaries.Find(name, binaries.Versions()[0])
		if err != nil {
			t.Fatal(err)
		}
		if built, err := cache.Has(build); err != nil {
			t.Fatal(err)
		} else if !built {
			t.Skipf("needs %s: `make testbed` builds it", build.Name)
		}
	}
}

// Whatever moment `up` is killed at, a sweep leaves the machine as it was. The moments are spread over the time that
// `up` takes here and now.
func TestRootUpKilledAtTwentyMoments(t *testing.T) {
	needPrograms(t)
	untouched.Check(t)
	before := untouched.State(t)
	name := untouched.Name("k")
	up := []string{"up", "--name", name, "--nodes", "real:2,fake:5"}
	begin := time.Now()
	runTool(t, up...)
	whole := time.Since(begin)
	runTool(t, "down", name)
	if left := before.Diff(untouched.State(t)); len(left) > 0 {
		t.Fatalf("a cluster that was made and taken down left:\n%s", strings.Join(left, "\n"))
	}
	const moments = 20
	for moment := range moments {
		after := whole * time.Duration(moment) / moments
		command, said := tool(t, up...)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		killed := time.AfterFunc(after, func() { _ = command.Process.Kill() })
		err := command.Wait()
		killed.Stop()
		if err == nil {
			// Faster than before: a cluster that works is not swept.
			runTool(t, "down", name)
		}
		runTool(t, "sweep")
		if left := before.Diff(untouched.State(t)); len(left) > 0 {
			t.Errorf("killed after %v, when it had said\n%s\nit left:\n%s", after, said, strings.Join(left, "\n"))
		}
		if _, err := os.Stat(filepath.Join(bed.Root(), "beds", name)); !os.IsNotExist(err) {
			t.Errorf("killed after %v, it left its folder: %v", after, err)
		}
	}
}
