package system_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/system"
	"periplus.dev/testbed/internal/untouched"
)

// region is a bed that has its network only. At the end of the test nothing of it may be left on the machine.
func region(t *testing.T, name string) (*bed.Bed, bed.Record) {
	t.Helper()
	b, err := bed.Create(bed.Root(), name, func(*bed.Record) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(system.Sweep(ctx, b), system.Sweep(ctx, b), b.Remove()); err != nil {
			t.Error(err)
		}
	})
	if err := system.MakeRegion(b); err != nil {
		t.Fatal(err)
	}
	record, err := b.Read()
	if err != nil {
		t.Fatal(err)
	}
	return b, record
}

// echo answers every line with itself, at an address within a space.
func echo(t *testing.T, space system.Space, address string) {
	t.Helper()
	err := space.Do(func() error {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			for {
				connection, err := listener.Accept()
				if err != nil {
					return
				}
				go func() {
					defer connection.Close()
					for lines := bufio.NewScanner(connection); lines.Scan(); {
						if _, err := fmt.Fprintln(connection, lines.Text()); err != nil {
							return
						}
					}
				}()
			}
		}()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// caller is a connection on which words are said and heard.
type caller struct {
	net.Conn
	heard *bufio.Reader
}

func call(t *testing.T, space system.Space, address string) caller {
	t.Helper()
	var c caller
	err := space.Do(func() error {
		connection, err := net.DialTimeout("tcp", address, 5*time.Second)
		c = caller{connection, bufio.NewReader(connection)}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (c caller) say(word string) error {
	_, err := fmt.Fprintln(c, word)
	return err
}

func (c caller) hear(within time.Duration) (string, error) {
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	line, err := c.heard.ReadString('\n')
	return strings.TrimSpace(line), err
}

func TestRootALinkIsCutAndHealed(t *testing.T) {
	untouched.Check(t)
	one, first := region(t, untouched.Name("cut-a"))
	_, second := region(t, untouched.Name("cut-b"))
	other, err := bed.Open(bed.Root(), second.Name)
	if err != nil {
		t.Fatal(err)
	}
	address := second.RegionAddress() + ":7007"
	echo(t, system.Region(other, &second), address)
	// One connection stays open through everything; the machine's is never cut.
	for name, space := range map[string]system.Space{"the other bed": system.Region(one, &first), "the machine": {}} {
		c := call(t, space, address)
		if err := c.say("before"); err != nil {
			t.Fatal(err)
		}
		if word, err := c.hear(5 * time.Second); word != "before" {
			t.Fatalf("%s heard %q, %v", name, word, err)
		}
	}
	c := call(t, system.Region(one, &first), address)
	// The order of the names says nothing.
	if err := system.Cut(bed.Root(), second.Name, first.Name); err != nil {
		t.Fatal(err)
	}
	if err := system.Cut(bed.Root(), first.Name, second.Name); err != nil {
		t.Errorf("cut again: %v", err)
	}
	if err := c.say("within"); err != nil {
		t.Fatal(err)
	}
	if word, err := c.hear(300 * time.Millisecond); err == nil {
		t.Errorf("heard %q over a link that is cut", word)
	}
	machine := call(t, system.Space{}, address)
	if err := machine.say("still"); err != nil {
		t.Fatal(err)
	}
	if word, err := machine.hear(5 * time.Second); word != "still" {
		t.Errorf("the machine heard %q, %v", word, err)
	}
	if record, err := one.Read(); err != nil || len(record.Cuts) != 1 || record.Cuts[0] != second.Name {
		t.Errorf("recorded %v, %v", record.Cuts, err)
	}
	for range 2 {
		if err := system.Heal(bed.Root(), first.Name, second.Name); err != nil {
			t.Fatal(err)
		}
	}
	// TCP sends again what was said meanwhile.
	if word, err := c.hear(20 * time.Second); word != "within" {
		t.Errorf("after the cut heard %q, %v", word, err)
	}
	if record, err := one.Read(); err != nil || len(record.Cuts) != 0 {
		t.Errorf("recorded %v, %v", record.Cuts, err)
	}
}

// The addresses of a bed that goes become another's, to which no link is cut.
func TestRootACutEndsWithEitherBed(t *testing.T) {
	untouched.Check(t)
	one, first := region(t, untouched.Name("cut-a"))
	other, second := region(t, untouched.Name("cut-b"))
	if err := system.Cut(bed.Root(), first.Name, second.Name); err != nil {
		t.Fatal(err)
	}
	if err := system.Sweep(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if record, err := one.Read(); err != nil || len(record.Cuts) > 0 {
		t.Errorf("recorded %v, %v", record.Cuts, err)
	}
	if err := system.MakeRegion(other); err != nil {
		t.Fatal(err)
	}
	address := second.RegionAddress() + ":7007"
	echo(t, system.Region(other, &second), address)
	c := call(t, system.Region(one, &first), address)
	if err := c.say("again"); err != nil {
		t.Fatal(err)
	}
	if word, err := c.hear(5 * time.Second); word != "again" {
		t.Errorf("heard %q, %v", word, err)
	}
}

func TestRootTheMachineIsCutOff(t *testing.T) {
	untouched.Check(t)
	b, record := region(t, untouched.Name("cut-c"))
	address := record.RegionAddress() + ":7007"
	echo(t, system.Region(b, &record), address)
	c := call(t, system.Space{}, address)
	if err := system.Cut(bed.Root(), bed.Host, b.Name); err != nil {
		t.Fatal(err)
	}
	if err := c.say("within"); err != nil {
		t.Fatal(err)
	}
	if word, err := c.hear(300 * time.Millisecond); err == nil {
		t.Errorf("heard %q over a link that is cut", word)
	}
	if err := system.Heal(bed.Root(), b.Name, bed.Host); err != nil {
		t.Fatal(err)
	}
	if word, err := c.hear(20 * time.Second); word != "within" {
		t.Errorf("after the cut heard %q, %v", word, err)
	}
}

func TestRootASnapshotShowsWhatABedIs(t *testing.T) {
	untouched.Check(t)
	before := untouched.State(t)
	b, record := region(t, untouched.Name("seen"))
	p, err := system.Start(b, bed.Process{Name: "sleeper", Namespace: record.Region(), Path: "/bin/sleep", Args: []string{"1000"},
		Dir: "/", Log: b.Dir + "/logs/sleeper.log"})
	if err != nil {
		t.Fatal(err)
	}
	during := untouched.State(t, b)
	text := strings.Join(before.Diff(during), "\n")
	for _, want := range []string{
		fmt.Sprintf("+ process %d ", p.PID), "+ mount " + system.NamespaceFile(b, record.Region()) + " nsfs",
		"+ namespace net:[", record.HubLink(), "+ route " + record.PodRange(), " nodes " + record.RegionAddress(),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		// The first bed on a machine raises its limits.
		if strings.HasPrefix(line, "- ") && !strings.HasPrefix(line, "- setting ") {
			t.Errorf("something is gone: %s", line)
		}
	}
	for _, line := range before.Diff(untouched.State(t)) {
		t.Errorf("not left out: %s", line)
	}
}
