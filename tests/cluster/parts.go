package main

import (
	"context"
	"strings"
	"time"

	"periplus.dev/testbed/internal/bed"
	nodes "periplus.dev/testbed/internal/node"
	"periplus.dev/testbed/internal/plane"
	"periplus.dev/testbed/internal/system"
)

// node powers a real node off and on, restarts its kubelet, or pulls its network cable. The name of a node tells the bed.
func node(ctx context.Context, args []string) error {
	set := flags("node")
	patience := set.Duration("timeout", 2*time.Minute, "how long a node may take to be back")
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(rest) != 2 {
		return usagef("say what to do with which node: testbed node stop NODE")
	}
	b, one, err := findNode(rest[1])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *patience)
	defer cancel()
	begin := time.Now()
	switch rest[0] {
	case "stop":
		if err := nodes.Stop(ctx, b, one); err != nil {
			return err
		}
		say("node %s is off after %.1f s", one.Name, time.Since(begin).Seconds())
		return nil
	case "unplug", "plug":
		plug := map[string]system.Plug{"unplug": system.Out, "plug": system.In}[rest[0]]
		if err := system.SetNodePort(b, one, plug); err != nil {
			return err
		}
		say("the network cable of node %s is %s", one.Name, map[system.Plug]string{system.Out: "out", system.In: "in"}[plug])
		return nil
	case "start", "restart-kubelet":
	default:
		return usagef("a node can be told to stop, start, restart-kubelet, unplug and plug, not %q", rest[0])
	}
	programs, err := programsOf(ctx, b)
	if err != nil {
		return err
	}
	sign := plane.Sign{Since: begin}
	if rest[0] == "start" {
		if err := nodes.Start(ctx, b, one, programs); err != nil {
			return err
		}
		sign.BootID, err = nodes.BootID(one)
	} else {
		err = nodes.RestartKubelet(ctx, b, one)
	}
	if err != nil {
		return err
	}
	client, err := plane.Client(b)
	if err != nil {
		return err
	}
	if err := plane.WaitKubelet(ctx, client, one.Name); err != nil {
		return err
	}
	if err := plane.WaitNode(ctx, client, one.Name, sign); err != nil {
		return err
	}
	say("node %s is ready after %.1f s", one.Name, time.Since(begin).Seconds())
	return nil
}

func findNode(name string) (*bed.Bed, bed.Node, error) {
	beds, err := bed.List(bed.Root())
	if err != nil {
		return nil, bed.Node{}, err
	}
	var known []string
	for _, b := range beds {
		record, err := b.Read()
		if err != nil {
			return nil, bed.Node{}, err
		}
		if one, found := record.Node(name); found {
			return b, one, nil
		}
		for _, one := range record.Nodes {
			known = append(known, one.Name)
		}
	}
	return nil, bed.Node{}, usagef("there is no real node %q; there is %s", name, strings.Join(known, ", "))
}

// apiserver ends the API server as a crash would, or starts it again.
func apiserver(ctx context.Context, args []string) error {
	set := flags("apiserver")
	name := set.String("name", "", "the cluster")
	patience := set.Duration("timeout", time.Minute, "how long the API server may take to be ready")
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return usagef("say what to do with the API server: kill or start")
	}
	if *name, err = oneName(*name, rest[1:]); err != nil {
		return err
	}
	b, err := chosen(*name)
	if err != nil {
		return err
	}
	programs, err := kubernetesOf(ctx, b)
	if err != nil {
		return err
	}
	control, err := plane.New(b, programs)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *patience)
	defer cancel()
	begin := time.Now()
	switch rest[0] {
	case "kill":
		if err := control.Kill(ctx, plane.Server); err != nil {
			return err
		}
		say("the API server of bed %s is killed", b.Name)
	case "start":
		if err := system.Mark(b); err != nil {
			return err
		}
		if err := control.Start(plane.Server); err != nil {
			return err
		}
		if err := control.WaitServer(ctx); err != nil {
			return err
		}
		say("the API server of bed %s is ready after %.1f s", b.Name, time.Since(begin).Seconds())
	default:
		return usagef("the API server can be told to kill and start, not %q", rest[0])
	}
	return nil
}

// link pulls or plugs the cable between two beds.
func link(_ context.Context, args []string) error {
	set := flags("link")
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(rest) != 3 {
		return usagef("say what to do with the link between which two: testbed link cut a b")
	}
	switch rest[0] {
	case "cut":
		err = system.Cut(bed.Root(), rest[1], rest[2])
	case "heal":
		err = system.Heal(bed.Root(), rest[1], rest[2])
	default:
		return usagef("a link can be cut and healed, not %q", rest[0])
	}
	if err != nil {
		return err
	}
	say("the link between %s and %s is %s", rest[1], rest[2], map[string]string{"cut": "cut", "heal": "whole"}[rest[0]])
	return nil
}
