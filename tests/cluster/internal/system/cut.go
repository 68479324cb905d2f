package system

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"periplus.dev/testbed/internal/bed"
)

// Cut cuts the link between two beds, or between a bed and the machine (bed.Host): from now on no packet of one
// reaches the other, in either direction, and none is answered: connections hang as they do when a cable is pulled.
// To cut what is cut is no error.
func Cut(root, one, other string) error {
	b, record, far, err := ends(root, one, other)
	if err != nil {
		return err
	}
	ranges, err := rangesOf(root, far)
	if err != nil {
		return err
	}
	err = b.Update(func(r *bed.Record) error {
		if !slices.Contains(r.Cuts, far) {
			r.Cuts = append(r.Cuts, far)
		}
		return nil
	})
	if err != nil {
		return err
	}
	list := strings.Join(ranges, ", ")
	// Made anew in one transaction, so that there is no moment without it.
	rules := fmt.Sprintf(`table ip %[1]s
delete table ip %[1]s
table ip %[1]s {
	chain from {
		type filter hook prerouting priority raw; policy accept;
		ip saddr { %[2]s } drop
	}
	chain to {
		type filter hook postrouting priority raw; policy accept;
		ip daddr { %[2]s } drop
	}
}
`, cutTable(far), list)
	if _, err := tool(Region(b, record), rules, "nft", "-f", "-"); err != nil {
		return fmt.Errorf("cannot cut the link between %s and %s: %w", b.Name, far, err)
	}
	return nil
}

// Heal undoes Cut. To heal what is whole is no error.
func Heal(root, one, other string) error {
	b, record, far, err := ends(root, one, other)
	if err != nil {
		return err
	}
	rules := fmt.Sprintf("table ip %[1]s\ndelete table ip %[1]s\n", cutTable(far))
	if _, err := tool(Region(b, record), rules, "nft", "-f", "-"); err != nil {
		return fmt.Errorf("cannot heal the link between %s and %s: %w", b.Name, far, err)
	}
	return b.Update(func(r *bed.Record) error {
		r.Cuts = slices.DeleteFunc(r.Cuts, func(name string) bool { return name == far })
		return nil
	})
}

// healAll heals the links that others cut to a bed that goes: its addresses will be another's.
func healAll(b *bed.Bed) error {
	root := rootOf(b)
	beds, err := bed.List(root)
	if err != nil {
		return err
	}
	var failed error
	for _, other := range beds {
		record, err := other.Read()
		// One that is going itself takes its rules with it.
		if err != nil || !slices.Contains(record.Cuts, b.Name) || !isNamespace(NamespaceFile(other, record.Region())) {
			continue
		}
		failed = errors.Join(failed, Heal(root, other.Name, b.Name))
	}
	return failed
}

func cutTable(far string) string { return "cut-" + far }

// ends says which of two names is the bed that holds the rules of the cut: the first by name, so that both orders mean
// the same link. The machine itself holds none.
func ends(root, one, other string) (*bed.Bed, *bed.Record, string, error) {
	if one == other {
		return nil, nil, "", fmt.Errorf("cannot cut %s from itself; name two beds", one)
	}
	near, far := one, other
	if near == bed.Host || (far != bed.Host && far < near) {
		near, far = far, near
	}
	b, err := bed.Open(root, near)
	if err != nil {
		return nil, nil, "", err
	}
	record, err := b.Read()
	if err != nil {
		return nil, nil, "", err
	}
	return b, &record, far, nil
}

// rangesOf are the addresses that a bed's packets come from; services' addresses are never seen between beds.
func rangesOf(root, name string) ([]string, error) {
	if name == bed.Host {
		return []string{bed.HubAddress}, nil
	}
	b, err := bed.Open(root, name)
	if err != nil {
		return nil, err
	}
	record, err := b.Read()
	if err != nil {
		return nil, err
	}
	return []string{record.HubAddress(), record.RegionRange(), record.PodRange()}, nil
}
