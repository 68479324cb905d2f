package main

import (
	"fmt"
	"strings"

	"periplus.dev/testbed/internal/bed"
)

// chosen opens the bed of a name. Without a name it is the only bed there is.
func chosen(name string) (*bed.Bed, error) {
	root := bed.Root()
	if name != "" {
		return bed.Open(root, name)
	}
	beds, err := bed.List(root)
	if err != nil {
		return nil, err
	}
	switch len(beds) {
	case 1:
		return beds[0], nil
	case 0:
		return nil, fmt.Errorf("there is no cluster; make one with `testbed up`")
	default:
		return nil, usagef("there are several clusters, name one: %s", strings.Join(namesOf(beds), ", "))
	}
}

// named opens beds by name, or all without names.
func named(names []string) ([]*bed.Bed, error) {
	root := bed.Root()
	if len(names) == 0 {
		return bed.List(root)
	}
	var beds []*bed.Bed
	for _, name := range names {
		b, err := bed.Open(root, name)
		if err != nil {
			return nil, err
		}
		beds = append(beds, b)
	}
	return beds, nil
}

// oneName is the name given by flag or as the only argument.
func oneName(flag string, rest []string) (string, error) {
	switch {
	case len(rest) == 0:
		return flag, nil
	case len(rest) == 1 && flag == "":
		return rest[0], nil
	default:
		return "", usagef("one name of a cluster is enough: %s", strings.Join(rest, " "))
	}
}

func namesOf(beds []*bed.Bed) []string {
	names := make([]string, len(beds))
	for i, b := range beds {
		names[i] = b.Name
	}
	return names
}
