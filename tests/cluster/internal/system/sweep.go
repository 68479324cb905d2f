package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"periplus.dev/testbed/internal/bed"
)

// Sweep removes from the machine everything that a bed put there, whatever moment its maker ended at, and nothing
// else. The bed's folder stays, with its logs; nothing is mounted in it any more. Sweeping again is no error.
//
// It takes the lock of all beds for a moment, so it is not called under it.
func Sweep(ctx context.Context, b *bed.Bed) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	// Everything is tried: what one step cannot remove must not keep the rest.
	failed := killProcesses(ctx, b, &record)
	for _, thing := range slices.Backward(record.Things) {
		if thing.Kind == bed.Cgroup {
			failed = errors.Join(failed, RemoveCgroup(ctx, b, thing.Name, thing.Node))
		}
	}
	failed = errors.Join(failed, healAll(b), removeRegion(b, &record), UnmountBelow(b.Dir))
	for _, thing := range slices.Backward(record.Things) {
		failed = errors.Join(failed, removeThing(b, thing))
	}
	if failed != nil {
		return fmt.Errorf("cannot sweep bed %s clean; run it again: %w", b.Name, failed)
	}
	return b.Update(func(r *bed.Record) error {
		r.Processes, r.Things, r.Cuts = nil, nil, nil
		return nil
	})
}

// killProcesses ends the bed's processes by its record and by their mark, again until there are none: one may have
// started another meanwhile.
func killProcesses(ctx context.Context, b *bed.Bed, record *bed.Record) error {
	var processes []running
	for _, process := range record.Processes {
		if Alive(process) {
			processes = append(processes, running{process.PID, process.Start, process.Name})
		}
	}
	for {
		if err := killAll(ctx, processes); err != nil {
			return err
		}
		found, err := marked(b)
		if err != nil || len(found) == 0 {
			return err
		}
		processes = found
	}
}

// removeThing removes what is neither a process nor a cgroup.
func removeThing(b *bed.Bed, thing bed.Thing) error {
	switch thing.Kind {
	case bed.Namespace:
		return RemoveNamespace(b, thing.Name, thing.Node)
	case bed.Mount:
		return UnmountBelow(thing.Name)
	case bed.Dir:
		if err := UnmountBelow(thing.Name); err != nil {
			return err
		}
		if err := os.RemoveAll(thing.Name); err != nil {
			return fmt.Errorf("cannot remove %s: %w", thing.Name, err)
		}
	case bed.Link:
		if !linkExists(thing.Name) {
			return nil
		}
		return ip(Space{}, "link del "+thing.Name)
	case bed.Table:
		_, err := tool(Space{}, fmt.Sprintf("table %[1]s\ndelete table %[1]s\n", thing.Name), "nft", "-f", "-")
		return err
	case bed.Cgroup:
		// Removed with the processes in it.
	}
	return nil
}
