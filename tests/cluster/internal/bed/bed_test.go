package bed

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func create(t *testing.T, root, name string) *Bed {
	t.Helper()
	b, err := Create(root, name, func(r *Record) { r.Version = "1.36.3" })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t *testing.T, b *Bed) Record {
	t.Helper()
	record, err := b.Read()
	if err != nil {
		t.Fatal(err)
	}
	return record
}

func TestIndexesAreReused(t *testing.T) {
	root := t.TempDir()
	for want, name := range []string{"a", "b", "c"} {
		if got := read(t, create(t, root, name)).Index; got != want {
			t.Errorf("bed %s has index %d, want %d", name, got, want)
		}
	}
	b, err := Open(root, "b")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(root, "b"); !errors.Is(err, ErrNoBed) {
		t.Errorf("a removed bed opens: %v", err)
	}
	if got := read(t, create(t, root, "d")).Index; got != 1 {
		t.Errorf("the free index 1 was not taken but %d", got)
	}
	if _, err := Create(root, "a", func(*Record) {}); !errors.Is(err, ErrExists) {
		t.Errorf("a name is taken twice: %v", err)
	}
}

func TestTheMachineIsFull(t *testing.T) {
	root := t.TempDir()
	for i := range Limit {
		create(t, root, fmt.Sprintf("b%d", i))
	}
	if _, err := Create(root, "more", func(*Record) {}); err == nil {
		t.Error("one bed more than the address plan holds")
	}
	if _, err := os.Stat(filepath.Join(root, "beds", "more")); err == nil {
		t.Error("the refused bed left a folder")
	}
}

func TestUpdatesOfManyAreAllKept(t *testing.T) {
	b := create(t, t.TempDir(), "a")
	var wait sync.WaitGroup
	const many = 40
	for i := range many {
		wait.Go(func() {
			if err := b.Own(Thing{Kind: Link, Name: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := len(read(t, b).Things); got != many {
		t.Errorf("%d of %d things are recorded", got, many)
	}
}

func TestAFailedUpdateChangesNothing(t *testing.T) {
	b := create(t, t.TempDir(), "a")
	wrong := errors.New("wrong")
	if err := b.Update(func(r *Record) error { r.Fakes = 7; return wrong }); !errors.Is(err, wrong) {
		t.Errorf("%v", err)
	}
	if got := read(t, b).Fakes; got != 0 {
		t.Errorf("the record has %d fakes", got)
	}
}

func TestOwnership(t *testing.T) {
	b := create(t, t.TempDir(), "a")
	for range 2 {
		if err := b.Own(Thing{Kind: Namespace, Name: "n", Node: "a-1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.SetProcess(Process{Name: "etcd"}); err != nil {
		t.Fatal(err)
	}
	if err := b.SetProcess(Process{Name: "etcd", PID: 12}); err != nil {
		t.Fatal(err)
	}
	record := read(t, b)
	if etcd, found := record.Process("etcd"); len(record.Things) != 1 || len(record.Processes) != 1 || !found || etcd.PID != 12 {
		t.Errorf("recorded: %+v", record)
	}
	if err := errors.Join(b.Disown(Thing{Kind: Namespace, Name: "n", Node: "a-1"}), b.ForgetProcess("etcd")); err != nil {
		t.Fatal(err)
	}
	if record := read(t, b); len(record.Things)+len(record.Processes) != 0 {
		t.Errorf("still recorded: %+v", record)
	}
}

func TestDamagedAndForeignRecords(t *testing.T) {
	for _, text := range []string{"", "{", `{"format": 99}`} {
		b := create(t, t.TempDir(), "a")
		if err := os.WriteFile(b.file(), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Read(); err == nil || !strings.Contains(err.Error(), "bed a") {
			t.Errorf("%q reads as a record: %v", text, err)
		}
	}
}

func TestNames(t *testing.T) {
	for name, good := range map[string]bool{
		"a": true, "east-1": true, "a2345678901234567890": true,
		"": false, "-a": false, "a-": false, "A": false, "a_b": false, "1a": false, "a23456789012345678901": false,
		Host: false, "../a": false,
	} {
		if err := CheckName(name); (err == nil) != good {
			t.Errorf("CheckName(%q) = %v", name, err)
		}
	}
}

// Nothing of the address plan may overlap, whatever beds and nodes there are.
func TestTheAddressPlanHasNoOverlap(t *testing.T) {
	type named struct {
		what string
		is   netip.Prefix
	}
	ranges := []named{{"the hub", netip.MustParsePrefix(HubRange)}}
	for index := range Limit {
		record := Record{Name: "a", Index: index}
		for what, text := range map[string]string{
			"region": record.RegionRange(), "pods": record.PodRange(), "services": record.ServiceRange(),
		} {
			ranges = append(ranges, named{fmt.Sprint(what, " of bed ", index), netip.MustParsePrefix(text)})
		}
		hub := netip.MustParseAddr(record.HubAddress())
		if !netip.MustParsePrefix(HubRange).Contains(hub) || record.HubAddress() == HubAddress {
			t.Errorf("bed %d has the hub address %v", index, hub)
		}
		if len(record.HubLink()) > 15 {
			t.Errorf("the kernel does not take a link's name as long as %s", record.HubLink())
		}
		pods, region := netip.MustParsePrefix(record.PodRange()), netip.MustParsePrefix(record.RegionRange())
		if services := netip.MustParsePrefix(record.ServiceRange()); !services.Contains(netip.MustParseAddr(record.DNSAddress())) ||
			!services.Contains(netip.MustParseAddr(record.ServiceAddress())) {
			t.Errorf("a service of bed %d is outside of %v", index, services)
		}
		fakes := netip.MustParsePrefix(record.FakePodRange())
		if !pods.Overlaps(fakes) || fakes.Bits() < pods.Bits() {
			t.Errorf("the fake pods of bed %d are at %v, outside of %v", index, fakes, pods)
		}
		for n := 1; n <= MaxReal; n++ {
			node := record.NewNode(n, "")
			own := netip.MustParsePrefix(node.PodRange)
			if !pods.Overlaps(own) || own.Overlaps(fakes) || !region.Contains(netip.MustParseAddr(node.Address)) {
				t.Errorf("node %d of bed %d has %v and %s", n, index, own, node.Address)
			}
		}
	}
	for i, one := range ranges {
		for _, other := range ranges[:i] {
			if one.is.Overlaps(other.is) {
				t.Errorf("%s (%v) overlaps %s (%v)", one.what, one.is, other.what, other.is)
			}
		}
	}
	if got := len(HubRoutes(3)); got != 2*(Limit-1) {
		t.Errorf("%d routes from bed 3", got)
	}
}
