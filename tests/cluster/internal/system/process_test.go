package system

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"periplus.dev/testbed/internal/bed"
)

func TestParseStat(t *testing.T) {
	const rest = " S 7 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 4096 0"
	// What lies between the resident pages, the 24th field, and the start of the environment, the 50th.
	zeros := strings.Repeat(" 0", 25)
	for _, test := range []struct {
		line string
		want stat
	}{
		{"12 (sleep)" + rest, stat{"sleep", 'S', false, 123456}},
		{"12 (a) b (c)" + rest, stat{"a) b (c", 'S', false, 123456}},
		{"12 ()" + rest, stat{"", 'S', false, 123456}},
		{"12 (sh)" + rest + zeros + " 0", stat{"sh", 'S', true, 123456}},
		{"12 (sh)" + rest + zeros + " 1", stat{"sh", 'S', false, 123456}},
		{"12 (kthreadd)" + strings.Replace(rest, "4096", "0", 1) + zeros + " 0", stat{"kthreadd", 'S', false, 123456}},
	} {
		got, err := parseStat(test.line)
		if err != nil || got != test.want {
			t.Errorf("%q: %+v, %v; want %+v", test.line, got, err, test.want)
		}
	}
	for _, line := range []string{"", "12 sleep S 7", "12 (sleep) S 7", "12 )sleep( S 7"} {
		if got, err := parseStat(line); err == nil {
			t.Errorf("%q was read as %+v", line, got)
		}
	}
}

// newBed is a bed in a folder of the test, with nothing on the machine yet.
func newBed(t *testing.T) *bed.Bed {
	t.Helper()
	b, err := bed.Create(t.TempDir(), "one", func(*bed.Record) {})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// shell is a process that runs a script.
func shell(b *bed.Bed, name, script string) bed.Process {
	return bed.Process{Name: name, Path: "/bin/sh", Args: []string{"-c", script}, Dir: "/",
		Log: filepath.Join(b.Dir, "logs", name+".log")}
}

func TestProcessIsRecordedMarkedAndStopped(t *testing.T) {
	b := newBed(t)
	p, err := Start(b, shell(b, "sleeper", "exec sleep 1000"))
	if err != nil {
		t.Fatal(err)
	}
	record, err := b.Read()
	if err != nil {
		t.Fatal(err)
	}
	if recorded, found := record.Process("sleeper"); !found || recorded.PID != p.PID || recorded.Start != p.Start {
		t.Errorf("recorded as %+v, started as %+v", recorded, p)
	}
	if !Alive(p) {
		t.Error("it does not run")
	}
	other := p
	other.Start++
	if Alive(other) {
		t.Error("a later process with the same number passes for it")
	}
	if found, err := marked(b); err != nil || len(found) != 1 || found[0].pid != p.PID {
		t.Errorf("found by its mark: %+v, %v; want process %d", found, err, p.PID)
	}
	if _, err := Start(b, shell(b, "sleeper", "exec sleep 1000")); err == nil {
		t.Error("two processes of one name")
	}
	if err := Stop(patience(t), p, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	if Alive(p) {
		t.Error("it still runs")
	}
	if err := Stop(patience(t), p, time.Second); err != nil {
		t.Errorf("stopped again: %v", err)
	}
}

func TestStopKillsWhoDoesNotListen(t *testing.T) {
	b := newBed(t)
	ready := filepath.Join(t.TempDir(), "ready")
	p, err := Start(b, shell(b, "deaf", "trap '' TERM; : > "+ready+"; while :; do sleep 1; done"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := patience(t)
	for _, err := os.Stat(ready); err != nil; _, err = os.Stat(ready) {
		if ctx.Err() != nil {
			t.Fatal("it does not begin")
		}
		time.Sleep(time.Millisecond)
	}
	if err := Stop(ctx, p, 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if Alive(p) {
		t.Error("it still runs")
	}
	// What it started is the bed's too.
	if err := killProcesses(ctx, b, &bed.Record{}); err != nil {
		t.Fatal(err)
	}
	if found, err := marked(b); err != nil || len(found) > 0 {
		t.Errorf("left: %+v, %v", found, err)
	}
}

// A maker that was killed between starting a process and writing its number down leaves one that only its mark shows.
func TestUnrecordedProcessesAreFoundByTheirMark(t *testing.T) {
	b := newBed(t)
	command := exec.Command("/bin/sh", "-c", "sleep 1000 & sleep 1000 & wait")
	command.Env = append(os.Environ(), mark+"="+b.Dir)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = command.Wait() }()
	other := exec.Command("sleep", "1000")
	other.Env = append(os.Environ(), mark+"="+b.Dir+"-of-another")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(patience(t), b); err != nil {
		t.Fatal(err)
	}
	if found, err := marked(b); err != nil || len(found) > 0 {
		t.Errorf("left: %+v, %v", found, err)
	}
	if status, err := readStat(other.Process.Pid); err != nil || status.ended() {
		t.Error("another bed's process was ended too")
	}
	if err := other.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = other.Wait()
}
