package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"periplus.dev/testbed/internal/bed"
)

// toolTime is the longest that a program of the machine may take; all that are run here are done in milliseconds.
const toolTime = 20 * time.Second

// packageOf is the package of Debian and most others that a program is in.
var packageOf = map[string]string{"ip": "iproute2", "nft": "nftables", "mount": "mount"}

// ip runs commands of iproute2 in a space, in one process; it stops at the first that fails.
func ip(space Space, lines ...string) error {
	_, err := tool(space, strings.Join(lines, "\n")+"\n", "ip", "-batch", "-")
	return err
}

// tool runs a program of the machine in a space with a text as its input, and returns its output.
func tool(space Space, input, name string, args ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is missing: install %s: %w", name, packageOf[name], err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), toolTime)
	defer cancel()
	command := exec.CommandContext(ctx, path, args...)
	command.Stdin = strings.NewReader(input)
	output, err := output(space, "", command)
	return string(output), err
}

// Run runs a program of the machine in a space until it ends, and returns its output.
func Run(ctx context.Context, space Space, name string, args ...string) (string, error) {
	output, err := output(space, "", exec.CommandContext(ctx, name, args...))
	return string(output), err
}

// RunInNode runs a program within a node until it ends, with an input that may be nil, and returns its output.
func RunInNode(ctx context.Context, b *bed.Bed, node string, input io.Reader, argv ...string) ([]byte, error) {
	space, cgroup, err := nodeSpace(b, node)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.Stdin = input
	if input == nil {
		command.Stdin = strings.NewReader("")
	}
	command.Env = []string{nodePath, "HOME=/root", "LANG=C.UTF-8", mark + "=" + b.Dir}
	return output(space, cgroup, command)
}

// NodeFile is the path on the machine of a file that a node that runs has at a path; also of one that is not on its disk.
func NodeFile(b *bed.Bed, node, path string) (string, error) {
	space, _, err := nodeSpace(b, node)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("/proc/%d/root%s", space.Init, path), nil
}

// nodeSpace is the space of a node that runs, and the cgroup of its own processes.
func nodeSpace(b *bed.Bed, name string) (Space, string, error) {
	record, err := b.Read()
	if err != nil {
		return Space{}, "", err
	}
	node, _ := record.Node(name)
	first, _ := record.Process(InitName(name))
	if !Alive(first) {
		return Space{}, "", fmt.Errorf("node %s of bed %s is not running; start it", name, b.Name)
	}
	return Space{Init: first.PID}, SystemCgroup(node), nil
}

// output runs a program in a space and, if one is named, in a cgroup.
func output(space Space, cgroup string, command *exec.Cmd) ([]byte, error) {
	var output, problems bytes.Buffer
	command.Stdout, command.Stderr = &output, &problems
	// A child of the program that holds the output open must not hold this up.
	command.WaitDelay = time.Second
	command.SysProcAttr = &syscall.SysProcAttr{}
	err := onThread(func() error {
		leave, err := joinCgroup(cgroup, command.SysProcAttr)
		if err != nil {
			return err
		}
		defer leave()
		if space != (Space{}) {
			if err := space.enter(); err != nil {
				return err
			}
		}
		return command.Start()
	})
	if err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", command.Path, err)
	}
	if err := command.Wait(); err != nil {
		text := strings.TrimSpace(problems.String())
		return nil, fmt.Errorf("%s: %w", strings.Join(command.Args, " "), errors.Join(err, errors.New(text)))
	}
	return output.Bytes(), nil
}

// CanRaisePriority says whether this process may make others less likely to be killed for memory (CAP_SYS_RESOURCE).
func CanRaisePriority() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	return unix.Capget(&header, &sets[0]) == nil && sets[0].Effective&(1<<unix.CAP_SYS_RESOURCE) != 0
}
