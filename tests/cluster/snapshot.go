package main

import (
	"context"
	"fmt"
	"strings"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/system"
)

// snapshot prints what beds can leave traces in. Two snapshots with nothing between them but `up` and `down` are equal.
func snapshot(_ context.Context, args []string) error {
	set := flags("snapshot")
	output := outputFlag(set)
	var except []*bed.Bed
	set.Func("except", "a cluster whose own things are left out, may be repeated", func(name string) error {
		b, err := bed.Open(bed.Root(), name)
		except = append(except, b)
		return err
	})
	unowned := set.Bool("unowned", false, "leave out the things of every cluster there is")
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("snapshot takes no names but with --except: %s", strings.Join(rest, " "))
	}
	if *unowned {
		if except, err = bed.List(bed.Root()); err != nil {
			return err
		}
	}
	state, err := system.Snapshot(except...)
	if err != nil {
		return err
	}
	if *output == "json" {
		return printJSON(state)
	}
	for _, line := range state {
		fmt.Println(line)
	}
	return nil
}
