package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"periplus.dev/testbed/internal/bed"
)

// mark is the variable in the environment of every process of a bed; its value is the bed's folder. Children inherit
// it, but for those in containers, which end with their node's first process.
const mark = "PERIPLUS_TESTBED"

// nodePath is where programs are looked for within a node.
const nodePath = "PATH=/opt/kubernetes:/opt/containerd:/opt/runc:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// PauseDir is the folder within a node in which pause is.
const PauseDir = "/opt/pause"

// InitName is the name of the first process of a node in the bed's record.
func InitName(node string) string { return "init-" + node }

// SystemCgroup is where a node's own processes are, beside its pods.
func SystemCgroup(node bed.Node) string { return node.Cgroup + "/system" }

// Start starts a process that lives on after this one, in a session of its own, with its output appended to its log.
// It is recorded before and after. A process with a Node runs within that node, which must have been started; one with
// a Namespace only runs on the machine with that network.
//
// The process in the record with the same name must have ended: Start refuses to have two.
func Start(b *bed.Bed, p bed.Process) (bed.Process, error) {
	if p.Node != "" {
		space, cgroup, err := nodeSpace(b, p.Node)
		if err != nil {
			return p, fmt.Errorf("cannot start %s: %w", p.Name, err)
		}
		env := append([]string{nodePath, "HOME=/root", "LANG=C.UTF-8"}, p.Env...)
		return launch(b, p, launchOptions{space: space, env: env, cgroup: cgroup, adopted: true})
	}
	space := Space{}
	if p.Namespace != "" {
		space.Net = NamespaceFile(b, p.Namespace)
	}
	return launch(b, p, launchOptions{space: space, env: append(os.Environ(), p.Env...)})
}

// StartInit starts the first process of a node, which must have been stopped: it has the node's network namespace and
// its own mounts, process numbers, host name, IPC and cgroups, of which the node's is the root. When it ends,
// everything in the node ends at once, and the node's mounts go: it is the node's power switch.
//
// The program is pause, which makes the cgroup namespace itself: its root is the cgroup that its maker is in, and in
// version 2 a process is only put there as it is born.
func StartInit(ctx context.Context, b *bed.Bed, node bed.Node, pause string) (bed.Process, error) {
	name := InitName(node.Name)
	p := bed.Process{
		Name: name, Node: node.Name, Namespace: node.Namespace,
		Path: pause, Args: []string{"--own-cgroups"}, Dir: "/", Log: filepath.Join(b.Dir, "logs", name+".log"),
	}
	// Before anything else: what is in the node's cgroup now is ended.
	if err := refuseSecond(b, name); err != nil {
		return p, err
	}
	if err := renewCgroup(ctx, b, node); err != nil {
		return p, err
	}
	p, err := launch(b, p, launchOptions{
		space:  Space{Net: NamespaceFile(b, node.Namespace)},
		env:    []string{nodePath},
		cgroup: node.Cgroup,
		clone:  syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
	})
	if err != nil {
		return p, err
	}
	if err := waitOwnCgroups(ctx, p); err != nil {
		return p, err
	}
	return p, settle(node, p.PID)
}

// waitOwnCgroups returns when a node's first process has made its cgroup namespace.
func waitOwnCgroups(ctx context.Context, p bed.Process) error {
	ours, err := os.Readlink("/proc/self/ns/cgroup")
	if err != nil {
		return fmt.Errorf("cannot read the cgroup namespace of this process: %w", err)
	}
	for {
		theirs, err := os.Readlink("/proc/" + strconv.Itoa(p.PID) + "/ns/cgroup")
		if err == nil && theirs != ours {
			return nil
		}
		if !Alive(p) {
			return fmt.Errorf("%s has ended; see %s", p.Name, p.Log)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s has not made its cgroup namespace: %w", p.Name, context.Cause(ctx))
		case <-time.After(time.Millisecond):
		}
	}
}

type launchOptions struct {
	space  Space
	env    []string
	cgroup string
	clone  uintptr
	// adopted makes the process a child of its node's first process.
	adopted bool
}

// refuseSecond is an error if a process of a bed runs already.
func refuseSecond(b *bed.Bed, name string) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	if before, found := record.Process(name); found && Alive(before) {
		return fmt.Errorf("cannot start %s of bed %s: it runs as process %d; stop it first", name, b.Name, before.PID)
	}
	return nil
}

func launch(b *bed.Bed, p bed.Process, options launchOptions) (bed.Process, error) {
	if err := refuseSecond(b, p.Name); err != nil {
		return p, err
	}
	p.PID, p.Start, p.Boot = 0, 0, bootID()
	if err := b.SetProcess(p); err != nil {
		return p, err
	}
	if err := os.MkdirAll(filepath.Dir(p.Log), 0o755); err != nil {
		return p, fmt.Errorf("cannot make the folder of the log of %s: %w", p.Name, err)
	}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return p, fmt.Errorf("cannot open the log of %s: %w", p.Name, err)
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return p, fmt.Errorf("cannot open %s: %w", os.DevNull, err)
	}
	defer null.Close()
	attributes := &os.ProcAttr{
		Dir:   p.Dir,
		Env:   append(withoutMark(options.env), mark+"="+b.Dir),
		Files: []*os.File{null, log, log},
		Sys:   &syscall.SysProcAttr{Setsid: true, Cloneflags: options.clone},
	}
	argv := append([]string{p.Path}, p.Args...)
	if options.adopted {
		p.PID, err = startAdopted(argv, attributes, options)
	} else {
		p.PID, err = startChild(argv, attributes, options)
	}
	if err != nil {
		return p, fmt.Errorf("cannot start %s of bed %s: %w; see %s", p.Name, b.Name, err, p.Log)
	}
	if status, err := readStat(p.PID); err == nil {
		p.Start = status.start
	}
	return p, b.SetProcess(p)
}

// startChild starts a process that is this one's child as long as this one lives.
func startChild(argv []string, attributes *os.ProcAttr, options launchOptions) (int, error) {
	started, err := startWithin(argv, attributes, options)
	if err != nil {
		return 0, err
	}
	// It would stay a zombie if nobody asked how it ended.
	go func() { _, _ = started.Wait() }()
	return started.Pid, nil
}

// startAdopted starts a process of a node by way of another that ends at once, so that the node's first process
// becomes its parent. Were its parent on the machine, the end of the node would wait for that parent to ask how it
// ended; the machine's own first process may take seconds to do so, or never do it.
func startAdopted(argv []string, attributes *os.ProcAttr, options launchOptions) (int, error) {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("cannot make a socket: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(ends[0]), "socket"), os.NewFile(uintptr(ends[1]), "socket")
	defer ours.Close()
	defer theirs.Close()
	if err := unix.SetsockoptInt(ends[0], unix.SOL_SOCKET, unix.SO_PASSCRED, 1); err != nil {
		return 0, fmt.Errorf("cannot ask for credentials: %w", err)
	}
	attributes.Files = append(attributes.Files, theirs)
	starter, err := startWithin(append([]string{PauseDir + "/pause", "--start"}, argv...), attributes, options)
	if err != nil {
		return 0, err
	}
	ended, err := starter.Wait()
	if err == nil && !ended.Success() {
		err = errors.New(ended.String())
	}
	if err != nil {
		return 0, err
	}
	var text [1]byte
	control := make([]byte, unix.CmsgSpace(unix.SizeofUcred))
	_, n, _, _, err := unix.Recvmsg(ends[0], text[:], control, unix.MSG_DONTWAIT)
	if err != nil {
		return 0, fmt.Errorf("cannot learn which process was started: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) == 0 {
		return 0, fmt.Errorf("cannot learn which process was started: %w", err)
	}
	who, err := unix.ParseUnixCredentials(&messages[0])
	if err != nil {
		return 0, fmt.Errorf("cannot learn which process was started: %w", err)
	}
	return int(who.Pid), nil
}

// startWithin starts a process in a space and a cgroup.
func startWithin(argv []string, attributes *os.ProcAttr, options launchOptions) (*os.Process, error) {
	var started *os.Process
	err := onThread(func() error {
		leave, err := joinCgroup(options.cgroup, attributes.Sys)
		if err != nil {
			return err
		}
		defer leave()
		if options.space != (Space{}) {
			if err := options.space.enter(); err != nil {
				return err
			}
		}
		started, err = os.StartProcess(argv[0], argv, attributes)
		return err
	})
	return started, err
}

func withoutMark(env []string) []string {
	kept := make([]string, 0, len(env)+1)
	for _, variable := range env {
		if !strings.HasPrefix(variable, mark+"=") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// Mark makes every process that this one starts from now on a process of the bed, to be found by a sweep.
func Mark(b *bed.Bed) error { return os.Setenv(mark, b.Dir) }
