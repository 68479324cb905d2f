package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/system"
)

// ownerGrace is how long another command may take to undo what it has made of a bed, once asked to.
const ownerGrace = 20 * time.Second

func down(ctx context.Context, args []string) error {
	set := flags("down")
	name := set.String("name", "", "the cluster")
	all := set.Bool("all", false, "all clusters of this machine")
	names, err := parse(set, args)
	if err != nil {
		return err
	}
	if *name != "" {
		names = append(names, *name)
	}
	if *all && len(names) > 0 {
		return usagef("--all and names exclude each other: %s", strings.Join(names, " "))
	}
	var beds []*bed.Bed
	switch {
	case *all || len(names) > 0:
		beds, err = named(names)
	default:
		var one *bed.Bed
		one, err = chosen("")
		beds = []*bed.Bed{one}
	}
	if err != nil {
		return err
	}
	// One that cannot be taken down does not keep the others.
	var failed error
	for _, b := range beds {
		begin := time.Now()
		if err := takeDown(ctx, b); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		say("bed %s is down after %.1f s", b.Name, time.Since(begin).Seconds())
	}
	return failed
}

// takeDown removes a bed from the machine. A command that still works on it is ended first.
func takeDown(ctx context.Context, b *bed.Bed) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	self := system.Self()
	if record.Owner.PID != self.PID && system.Alive(record.Owner) {
		say("bed %s: ending the command that works on it (process %d)", b.Name, record.Owner.PID)
		if err := system.Stop(ctx, record.Owner, ownerGrace); err != nil {
			return err
		}
		// It may have taken everything down itself.
		if _, err := bed.Open(bed.Root(), b.Name); errors.Is(err, bed.ErrNoBed) {
			return nil
		}
	}
	err = b.Update(func(r *bed.Record) error {
		r.Phase, r.Owner = bed.Stopping, self
		return nil
	})
	if err != nil {
		return err
	}
	if err := system.Sweep(ctx, b); err != nil {
		return err
	}
	return b.Remove()
}

// sweep removes what commands that were killed have left: beds that were being made or taken down by a process that
// does not live any more, beds whose user has ended, beds of an earlier boot of the machine, folders without a record.
func sweep(ctx context.Context, args []string) error {
	set := flags("sweep")
	all := set.Bool("all", false, "clusters that work, too")
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("sweep takes no names: %s", strings.Join(rest, " "))
	}
	root := bed.Root()
	beds, err := bed.List(root)
	if err != nil {
		return err
	}
	var failed error
	for _, b := range beds {
		record, err := b.Read()
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		why := abandoned(&record, *all)
		if why == "" {
			continue
		}
		say("sweeping bed %s: %s", b.Name, why)
		failed = errors.Join(failed, takeDown(ctx, b))
	}
	failed = errors.Join(failed, removeUnrecorded(root))
	return failed
}

// abandoned says why a bed is to be swept, or nothing.
func abandoned(record *bed.Record, all bool) string {
	self := system.Self()
	switch {
	case all:
		return "all were asked for"
	case system.Alive(record.Owner):
		return ""
	case record.User != nil && !system.Alive(*record.User):
		return fmt.Sprintf("process %d, which it was made for, has ended", record.User.PID)
	case record.Phase != bed.Ready:
		return fmt.Sprintf("the command that left it %s has ended", record.Phase)
	case len(record.Processes) > 0 && record.Processes[0].Boot != self.Boot:
		return "the machine was started again since"
	default:
		return ""
	}
}

// removeUnrecorded removes folders of beds whose maker was killed before it wrote a record, which is before it made
// anything else.
func removeUnrecorded(root string) error {
	if _, err := os.Stat(filepath.Join(root, "beds")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return bed.Locked(root, func() error {
		entries, err := os.ReadDir(filepath.Join(root, "beds"))
		if err != nil {
			return fmt.Errorf("cannot list the beds: %w", err)
		}
		var failed error
		for _, entry := range entries {
			if _, err := bed.Open(root, entry.Name()); !errors.Is(err, bed.ErrNoBed) {
				continue
			}
			say("sweeping the folder of %s, which holds no record", entry.Name())
			if err := os.RemoveAll(filepath.Join(root, "beds", entry.Name())); err != nil {
				failed = errors.Join(failed, fmt.Errorf("cannot remove the folder of %s: %w", entry.Name(), err))
			}
		}
		return failed
	})
}
