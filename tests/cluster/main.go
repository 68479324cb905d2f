// Testbed makes real Kubernetes clusters on one machine, several side by side, and takes them down without a trace.
//
// Nothing in it is pretended but the nodes that are asked for as fake: etcd, the control plane with its certificates
// and RBAC, kubelets, containers, packets between pods of different nodes and clusters are those of any cluster. See
// docs/testbed.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// command is one word of the command line.
type command struct {
	name  string
	usage string
	about string
	run   func(ctx context.Context, args []string) error
}

// usageError is a mistake on the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func commands() []command {
	return []command{
		{"up", "[--name NAME] [--nodes real:2,fake:50] [--version 1.36|1.35] [--for PID]", "make a cluster; prints its kubeconfig's path", up},
		{"down", "[NAME]... | --all", "take clusters down; leaves nothing behind", down},
		{"sweep", "[--all]", "remove what commands that were killed left behind", sweep},
		{"status", "[NAME]... [--output table|json]", "clusters, their nodes, and the memory of each part", status},
		{"kubectl", "[--name NAME] ARGUMENTS...", "kubectl of the cluster's version, as its administrator", kubectl},
		{"kubeconfig", "[NAME]", "print the path of the administrator's kubeconfig", kubeconfig},
		{"logs", "[--name NAME] [--follow] [--lines N] [PART]", "the log of a part; without one, what parts there are", logs},
		{"image", "--tag NAME:TAG [--file SOURCE:PATH]... [--program NAME:PATH]... [--entrypoint WORD]... [--name NAME]...", "make an image of programs of this machine or of the bed on every real node", makeImage},
		{"node", "stop|start|restart-kubelet|unplug|plug NODE", "power a real node off and on, restart its kubelet, pull its network cable", node},
		{"apiserver", "kill|start [NAME]", "end the API server with SIGKILL, and have it back", apiserver},
		{"etcd", "[--name NAME] PATH JSON", "ask etcd through its JSON gateway, as in kv/compaction '{\"revision\":\"9\"}'", etcd},
		{"inside", "[--name NAME] COMMAND...", "run a command in the cluster's network, where no cut link keeps it from the cluster", inside},
		{"link", "cut|heal NAME NAME|host", "pull or plug the cable between two clusters, or a cluster and this machine", link},
		{"snapshot", "[--except NAME]... [--unowned] [--output table|json]", "the machine's mounts, namespaces, links, routes, cgroups and rules, and clusters' processes; equal before and after a cluster", snapshot},
		{"build", "[--version VERSION]... [--output table|json]", "build every program, and say how long it took and how large it is", build},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	var wrong usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return
	case errors.As(err, &wrong):
		fmt.Fprintf(os.Stderr, "error: %v\nhint: `testbed help` lists the commands\n", err)
		os.Exit(2)
	default:
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, help())
		return usagef("no command")
	}
	switch args[0] {
	case "help", "-h", "--help":
		fmt.Print(help())
		return nil
	}
	for _, one := range commands() {
		if one.name == args[0] {
			return one.run(ctx, args[1:])
		}
	}
	return usagef("unknown command %q", args[0])
}

func help() string {
	var text strings.Builder
	text.WriteString("testbed makes real Kubernetes clusters on this machine.\n\n")
	for _, one := range commands() {
		fmt.Fprintf(&text, "  testbed %s %s\n      %s\n", one.name, one.usage, one.about)
	}
	text.WriteString(`
NAME may be left out where there is one cluster. The clusters are kept in $TESTBED_DIR, or /var/lib/periplus-testbed;
the programs that they are made of in $TESTBED_CACHE, or periplus/testbed in the cache folder of the user.
`)
	return text.String()
}

// flags are the flags of a command; what is wrong with them is told as a mistake of usage.
func flags(name string) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	for _, one := range commands() {
		if one.name == name {
			set.Usage = func() {
				fmt.Fprintf(os.Stderr, "testbed %s %s\n    %s\n", one.name, one.usage, one.about)
				set.PrintDefaults()
			}
		}
	}
	return set
}

// parse reads flags wherever they stand, before and after the other arguments, which it returns.
func parse(set *flag.FlagSet, args []string) ([]string, error) {
	set.SetOutput(os.Stderr)
	var rest []string
	for {
		if err := set.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{err}
		}
		args = set.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest, args = append(rest, args[0]), args[1:]
	}
}

// say prints a line of progress; what is printed on the standard output is data.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
