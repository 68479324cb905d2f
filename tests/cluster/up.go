package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"periplus.dev/testbed/internal/addons"
	"periplus.dev/testbed/internal/api"
	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/binaries"
	nodes "periplus.dev/testbed/internal/node"
	"periplus.dev/testbed/internal/plane"
	"periplus.dev/testbed/internal/request"
	"periplus.dev/testbed/internal/system"
)

// guardPause is the time between two looks at the processes that were started.
const guardPause = 200 * time.Millisecond

// takeDownTime is how long an interrupted `up` may take to remove what it made.
const takeDownTime = time.Minute

func up(ctx context.Context, args []string) error {
	set := flags("up")
	name := set.String("name", "testbed", "the cluster's name")
	wanted := set.String("nodes", "real:2", "nodes: real:N (kubelet and containers), fake:N (played by kwok)")
	version := set.String("version", "", "the minor version of Kubernetes (the newest)")
	patience := set.Duration("timeout", 3*time.Minute, "how long it may take until the cluster is ready, once everything is built")
	user := set.Int("for", 0, "a process: `sweep` takes the cluster down once that has ended")
	output := outputFlag(set)
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("name the cluster with --name: %s", strings.Join(rest, " "))
	}
	asked, err := request.ParseNodes(*wanted)
	if err != nil {
		return usageError{err}
	}
	if err := bed.CheckName(*name); err != nil {
		return usageError{err}
	}
	var madeFor *bed.Process
	if *user != 0 {
		process, err := system.Find(*user)
		if err != nil {
			return usagef("cannot make a cluster for a process: %w", err)
		}
		madeFor = &process
	}
	cache, err := binaries.Default(say)
	if err != nil {
		return err
	}
	minor, release, err := request.Version(*version, binaries.Versions(), func(minor string) (string, error) {
		build, err := binaries.Find("kubernetes", minor)
		if err != nil {
			return "", err
		}
		return cache.Version(build)
	})
	if err != nil {
		return usageError{err}
	}
	programs, err := programsFor(ctx, cache, minor, asked.Fake)
	if err != nil {
		return err
	}
	b, err := bed.Create(bed.Root(), *name, func(r *bed.Record) {
		r.Version, r.Fakes, r.Owner, r.User = release, asked.Fake, system.Self(), madeFor
		for index := range asked.Real {
			node := r.NewNode(index+1, "")
			node.Dir = filepath.Join(bed.Root(), "beds", *name, "nodes", node.Name)
			r.Nodes = append(r.Nodes, node)
		}
	})
	if err != nil {
		return err
	}
	say("bed %s: Kubernetes %s, %d real and %d fake nodes", b.Name, release, asked.Real, asked.Fake)
	making, cancel := context.WithTimeoutCause(ctx, *patience, fmt.Errorf("the cluster was not ready within %v", *patience))
	defer cancel()
	maker := &maker{bed: b, programs: programs, begin: time.Now()}
	if err := maker.make(making); err != nil {
		return giveUp(ctx, b, err)
	}
	if *output == "json" {
		described, err := describe(ctx, b)
		if err != nil {
			return err
		}
		return printJSON(described)
	}
	fmt.Println(plane.AdminKubeconfig(b))
	return nil
}

// giveUp takes down what was made when the person interrupted, and keeps it to be looked at when it failed.
func giveUp(ctx context.Context, b *bed.Bed, failed error) error {
	if ctx.Err() == nil {
		return fmt.Errorf("%w\nhint: `testbed logs --name %s PART` shows logs, `testbed down %s` removes what was made",
			failed, b.Name, b.Name)
	}
	say("interrupted: taking bed %s down", b.Name)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeDownTime)
	defer cancel()
	return errors.Join(errors.New("interrupted"), takeDown(ending, b))
}

// maker makes one bed.
type maker struct {
	bed      *bed.Bed
	programs nodes.Programs
	begin    time.Time
	lock     sync.Mutex
}

// make makes the cluster. What does not wait for another runs beside it: the nodes' container runtimes start and take
// in their images while the API server starts.
func (m *maker) make(ctx context.Context) error {
	if err := system.Mark(m.bed); err != nil {
		return fmt.Errorf("cannot mark the bed's processes: %w", err)
	}
	if err := system.MakeRegion(m.bed); err != nil {
		return err
	}
	m.done("network")
	control, err := plane.New(m.bed, m.programs.Kubernetes)
	if err != nil {
		return err
	}
	record, err := m.bed.Read()
	if err != nil {
		return err
	}
	if err := control.MakeCredentials(); err != nil {
		return err
	}
	for _, node := range record.Nodes {
		if err := control.MakeNodeCredentials(node); err != nil {
			return err
		}
	}
	m.done("certificates")
	client, err := plane.Client(m.bed)
	if err != nil {
		return err
	}
	serving := make(chan struct{})
	work := []func(context.Context) error{func(ctx context.Context) error {
		return m.controlPlane(ctx, control, client, serving)
	}}
	for _, node := range record.Nodes {
		work = append(work, func(ctx context.Context) error { return m.realNode(ctx, node, serving) })
	}
	watched, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go m.guard(watched, cancel)
	if err := together(watched, work...); err != nil {
		return err
	}
	if err := m.settle(watched, client, &record); err != nil {
		return cmp.Or(context.Cause(watched), err)
	}
	return m.bed.Update(func(r *bed.Record) error {
		r.Phase, r.Owner = bed.Ready, bed.Process{}
		return nil
	})
}

// controlPlane starts the control plane and everything that needs it only, and closes serving once the nodes are known
// to it.
func (m *maker) controlPlane(ctx context.Context, control *plane.Plane, client *api.Client, serving chan<- struct{}) error {
	for _, part := range []string{plane.Etcd, plane.Server} {
		if err := control.Start(part); err != nil {
			return err
		}
	}
	if err := control.WaitServer(ctx); err != nil {
		return err
	}
	m.done("API server")
	for _, part := range []string{plane.Controllers, plane.Scheduler} {
		if err := control.Start(part); err != nil {
			return err
		}
	}
	record, err := m.bed.Read()
	if err != nil {
		return err
	}
	for _, node := range record.Nodes {
		if err := control.AnnounceNode(ctx, client, node); err != nil {
			return err
		}
	}
	close(serving)
	if err := addons.Apply(ctx, m.bed); err != nil {
		return err
	}
	m.done("add-ons applied")
	if record.Fakes == 0 {
		return nil
	}
	if err := nodes.StartFakes(ctx, m.bed, m.programs); err != nil {
		return err
	}
	m.done("kwok")
	return nil
}

// realNode starts a node's container runtime, and its kubelet as soon as the API server knows the node.
func (m *maker) realNode(ctx context.Context, node bed.Node, serving <-chan struct{}) error {
	if err := nodes.Make(m.bed, node); err != nil {
		return err
	}
	if err := nodes.StartRuntime(ctx, m.bed, node, m.programs); err != nil {
		return err
	}
	m.done("containers of " + node.Name)
	select {
	case <-serving:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := nodes.Join(ctx, m.bed, node); err != nil {
		return err
	}
	m.done("kubelet of " + node.Name)
	return nil
}

// settle waits until the cluster is what was asked for: every node ready, names resolved, pods admitted.
func (m *maker) settle(ctx context.Context, client *api.Client, record *bed.Record) error {
	all := len(record.Nodes) + record.Fakes
	if err := plane.WaitNodes(ctx, client, all, func(int) {}); err != nil {
		return err
	}
	m.done(fmt.Sprintf("%d nodes ready", all))
	if err := plane.WaitServiceAccount(ctx, client); err != nil {
		return err
	}
	if len(record.Nodes) > 0 {
		if err := addons.WaitReady(ctx, client); err != nil {
			return err
		}
		m.done("DNS")
	}
	return nil
}

// guard ends the making when a process that was started ends: nothing that waits for it would come.
func (m *maker) guard(ctx context.Context, cancel context.CancelCauseFunc) {
	for {
		record, err := m.bed.Read()
		if err != nil {
			cancel(err)
			return
		}
		for _, process := range record.Processes {
			if process.PID != 0 && !system.Alive(process) {
				cancel(fmt.Errorf("%s ended; the last of its log (%s):\n%s", process.Name, process.Log, lastLines(process.Log)))
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(guardPause):
		}
	}
}

// done tells that a step is done, and when.
func (m *maker) done(step string) {
	m.lock.Lock()
	defer m.lock.Unlock()
	took := time.Since(m.begin)
	say("%6.1f s  %s", took.Seconds(), step)
	err := m.bed.Update(func(r *bed.Record) error {
		r.Steps = append(r.Steps, bed.Step{Name: step, Took: took})
		return nil
	})
	if err != nil {
		say("cannot record the step: %v", err)
	}
}

// together runs functions side by side. When one fails the others are told to stop; all have ended when it returns.
func together(ctx context.Context, work ...func(context.Context) error) error {
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	failed := make([]error, len(work))
	var wait sync.WaitGroup
	for i, one := range work {
		wait.Go(func() {
			if failed[i] = one(running); failed[i] != nil {
				cancel(failed[i])
			}
		})
	}
	wait.Wait()
	if cause := context.Cause(running); cause != nil {
		return cause
	}
	return errors.Join(failed...)
}

// lastLines is the end of a log, for a message.
func lastLines(path string) string {
	const enough = 1000
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-enough):]))
}
