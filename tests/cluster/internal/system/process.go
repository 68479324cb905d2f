package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"periplus.dev/testbed/internal/bed"
)

// Self is this process, for the record of who works on a bed.
func Self() bed.Process {
	self := bed.Process{Name: filepath.Base(os.Args[0]), PID: os.Getpid(), Boot: bootID()}
	if status, err := readStat(self.PID); err == nil {
		self.Start = status.start
	}
	return self
}

// Find describes a process that runs.
func Find(pid int) (bed.Process, error) {
	status, err := readStat(pid)
	if err != nil {
		return bed.Process{}, fmt.Errorf("no process %d: %w", pid, err)
	}
	return bed.Process{PID: pid, Start: status.start, Boot: bootID()}, nil
}

// Alive says whether the recorded process still runs: the same one, not a later one with its number, nor what is left
// of it until its parent asks.
func Alive(p bed.Process) bool {
	if p.PID == 0 || p.Boot != bootID() {
		return false
	}
	status, err := readStat(p.PID)
	return err == nil && status.start == p.Start && !status.ended()
}

// Stop asks a process to end, and makes it end when it has not after the grace. It returns when the process has ended;
// to have none is no error.
func Stop(ctx context.Context, p bed.Process, grace time.Duration) error {
	held, err := hold(p)
	if err != nil || held == nil {
		return err
	}
	defer held.release()
	if err := held.signal(unix.SIGTERM); err != nil {
		return err
	}
	asked, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if held.wait(asked) == nil {
		return nil
	}
	if err := held.signal(unix.SIGKILL); err != nil {
		return err
	}
	return held.wait(ctx)
}

// Kill ends a process at once and returns when it has ended. To have none is no error.
func Kill(ctx context.Context, p bed.Process) error {
	held, err := hold(p)
	if err != nil || held == nil {
		return err
	}
	defer held.release()
	if err := held.signal(unix.SIGKILL); err != nil {
		return err
	}
	return held.wait(ctx)
}

// Wait returns when a process has ended, or with an error when the context has before.
func Wait(ctx context.Context, p bed.Process) error {
	held, err := hold(p)
	if err != nil || held == nil {
		return err
	}
	defer held.release()
	return held.wait(ctx)
}

// holding is a process held by a descriptor: its number cannot come to mean another.
type holding struct {
	name string
	pid  int
	fd   int
}

// hold takes hold of a recorded process, or returns nil when it has ended.
func hold(p bed.Process) (*holding, error) {
	if !Alive(p) {
		return nil, nil
	}
	return holdPID(p.Name, p.PID, p.Start)
}

// holdPID takes hold of a process by number and time of start, or returns nil when it has ended.
func holdPID(name string, pid int, start uint64) (*holding, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot take hold of process %d (%s): %w", pid, name, err)
	}
	// Compared after opening: from here on the descriptor means the process that was compared.
	status, err := readStat(pid)
	if err != nil || status.start != start {
		_ = unix.Close(fd)
		return nil, nil
	}
	return &holding{name: name, pid: pid, fd: fd}, nil
}

func (h *holding) release() { _ = unix.Close(h.fd) }

func (h *holding) signal(signal unix.Signal) error {
	err := unix.PidfdSendSignal(h.fd, signal, nil, 0)
	if err == nil || errors.Is(err, unix.ESRCH) {
		return nil
	}
	return fmt.Errorf("cannot send %v to process %d (%s): %w", signal, h.pid, h.name, err)
}

// wait blocks until the process has ended.
func (h *holding) wait(ctx context.Context) error {
	for {
		// The context is looked at several times a second; the end of the process wakes at once.
		poll := []unix.PollFd{{Fd: int32(h.fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, 100)
		runtime.KeepAlive(h)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("cannot wait for process %d (%s): %w", h.pid, h.name, err)
		case n > 0:
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("process %d (%s) has not ended: %w", h.pid, h.name, context.Cause(ctx))
		}
	}
}

// stat is what is needed of /proc/PID/stat.
type stat struct {
	command string
	state   byte
	// becoming is true while the kernel loads another program into the process: it has memory, but no environment yet.
	becoming bool
	start    uint64
}

func (s stat) ended() bool { return s.state == 'Z' || s.state == 'X' }

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(text))
}

// parseStat reads the line of proc(5), of whose fields the first here is the third: the state. The command stands in brackets and may hold any character, a bracket too.
func parseStat(line string) (stat, error) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return stat{}, fmt.Errorf("cannot read the status of a process in %q", line)
	}
	fields := strings.Fields(line[end+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return stat{}, fmt.Errorf("cannot read the status of a process in %q", line)
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return stat{}, fmt.Errorf("cannot read the start of a process in %q: %w", line, err)
	}
	return stat{
		command: line[open+1 : end], state: fields[0][0], start: start,
		becoming: len(fields) > 47 && fields[20] != "0" && fields[47] == "0",
	}, nil
}

func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// running is a process found by looking.
type running struct {
	pid   int
	start uint64
	name  string
}

// marked finds the processes that carry a bed's mark.
func marked(b *bed.Bed) ([]running, error) {
	pids, err := allPIDs()
	if err != nil {
		return nil, err
	}
	var found []running
	for _, pid := range pids {
		if pid == os.Getpid() || markOf(pid) != b.Dir {
			continue
		}
		// Ended meanwhile: nothing to find.
		if status, err := readStat(pid); err == nil && !status.ended() {
			found = append(found, running{pid, status.start, status.command})
		}
	}
	return found, nil
}

// markOf returns the folder of the bed whose mark a process carries, or nothing.
func markOf(pid int) string {
	// A process that is becoming another program has no environment for a moment; on a busy machine that is long enough
	// to overlook it.
	for range 1000 {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
		if err != nil {
			return ""
		}
		if status, err := readStat(pid); len(text) == 0 && err == nil && status.becoming {
			time.Sleep(time.Millisecond)
			continue
		}
		for variable := range strings.SplitSeq(string(text), "\x00") {
			if value, found := strings.CutPrefix(variable, mark+"="); found {
				return value
			}
		}
		return ""
	}
	return ""
}

func allPIDs() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("cannot list the processes: %w", err)
	}
	var pids []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// killAll ends processes and returns when they have ended.
func killAll(ctx context.Context, processes []running) error {
	var failed error
	var holdings []*holding
	for _, process := range processes {
		held, err := holdPID(process.name, process.pid, process.start)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if held == nil {
			continue
		}
		holdings = append(holdings, held)
		failed = errors.Join(failed, held.signal(unix.SIGKILL))
	}
	for _, held := range holdings {
		failed = errors.Join(failed, held.wait(ctx))
		held.release()
	}
	return failed
}
