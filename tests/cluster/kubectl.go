package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/binaries"
	"periplus.dev/testbed/internal/plane"
)

// kubectl becomes kubectl: its arguments, its terminal and its exit code are those of the cluster's own kubectl.
func kubectl(ctx context.Context, args []string) error {
	name, args := nameBefore(args)
	b, err := chosen(name)
	if err != nil {
		return err
	}
	programs, err := kubernetesOf(ctx, b)
	if err != nil {
		return err
	}
	path := filepath.Join(programs, "kubectl")
	env := append(os.Environ(), "KUBECONFIG="+plane.AdminKubeconfig(b))
	if err := syscall.Exec(path, append([]string{path}, args...), env); err != nil {
		return fmt.Errorf("cannot run kubectl: %w", err)
	}
	return nil
}

// kubernetesOf is the folder with the Kubernetes programs of a bed's version.
func kubernetesOf(ctx context.Context, b *bed.Bed) (string, error) {
	record, err := b.Read()
	if err != nil {
		return "", err
	}
	cache, err := binaries.Default(say)
	if err != nil {
		return "", err
	}
	path, err := cache.Path(ctx, "kubectl", minorOf(record.Version))
	return filepath.Dir(path), err
}

// minorOf is "1.36" of "1.36.3".
func minorOf(version string) string {
	if end := strings.LastIndexByte(version, '.'); end > strings.IndexByte(version, '.') {
		return version[:end]
	}
	return version
}

func kubeconfig(_ context.Context, args []string) error {
	set := flags("kubeconfig")
	name := set.String("name", "", "the cluster")
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if *name, err = oneName(*name, rest); err != nil {
		return err
	}
	b, err := chosen(*name)
	if err != nil {
		return err
	}
	fmt.Println(plane.AdminKubeconfig(b))
	return nil
}

func logs(_ context.Context, args []string) error {
	set := flags("logs")
	name := set.String("name", "", "the cluster")
	follow := set.Bool("follow", false, "go on as the log grows")
	lines := set.Int("lines", 100, "how many of the last lines")
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(rest) > 1 {
		return usagef("one part at a time: %s", strings.Join(rest, " "))
	}
	b, err := chosen(*name)
	if err != nil {
		return err
	}
	record, err := b.Read()
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		for _, process := range record.Processes {
			fmt.Println(process.Name)
		}
		return nil
	}
	process, found := record.Process(rest[0])
	if !found {
		return fmt.Errorf("bed %s has no part %q; `testbed logs --name %s` lists them", b.Name, rest[0], b.Name)
	}
	if _, err := os.Stat(process.Log); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has written no log yet", process.Name)
	}
	tail, err := exec.LookPath("tail")
	if err != nil {
		return fmt.Errorf("tail is missing; the log is %s: %w", process.Log, err)
	}
	argv := []string{tail, "-n", strconv.Itoa(*lines)}
	if *follow {
		argv = append(argv, "-F")
	}
	if err := syscall.Exec(tail, append(argv, process.Log), os.Environ()); err != nil {
		return fmt.Errorf("cannot read the log %s: %w", process.Log, err)
	}
	return nil
}
