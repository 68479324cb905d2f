package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/system"
)

func TestFlagsStandAnywhere(t *testing.T) {
	for _, c := range []struct {
		args []string
		name string
		rest []string
		ok   bool
	}{
		{[]string{"--name", "a", "x"}, "a", []string{"x"}, true},
		{[]string{"x", "--name=a", "y"}, "a", []string{"x", "y"}, true},
		{nil, "", nil, true},
		{[]string{"--odd"}, "", nil, false},
		{[]string{"x", "--name"}, "", nil, false},
	} {
		set := flags("logs")
		name := set.String("name", "", "")
		rest, err := parse(set, c.args)
		if (err == nil) != c.ok || (c.ok && (*name != c.name || !slices.Equal(rest, c.rest))) {
			t.Errorf("parse(%q) = %q, %q, %v", c.args, *name, rest, err)
		}
		var wrong usageError
		if err != nil && !errors.As(err, &wrong) {
			t.Errorf("parse(%q) fails as no mistake of usage: %v", c.args, err)
		}
	}
}

func TestMistakesOnTheCommandLine(t *testing.T) {
	t.Setenv("TESTBED_DIR", t.TempDir())
	for _, line := range []string{
		"", "odd", "up a", "up --nodes real:x", "up --version 1.2", "up --name host", "up --output xml", "up --for -1", "down --all a",
		"sweep a", "node stop", "node stop nobody-1", "apiserver", "link cut a", "image", "image --tag localhost/a:1",
		"image --file x", "build a", "build --version 9", "logs a b", "status --output yaml",
	} {
		var wrong usageError
		if err := run(context.Background(), strings.Fields(line)); !errors.As(err, &wrong) {
			t.Errorf("testbed %s: %v", line, err)
		}
	}
	for _, line := range []string{"status", "status --output json", "sweep", "down --all", "help"} {
		if err := run(context.Background(), strings.Fields(line)); err != nil {
			t.Errorf("testbed %s: %v", line, err)
		}
	}
	for _, line := range []string{"down", "down a", "kubeconfig", "kubeconfig a", "logs", "apiserver kill a", "kubectl get nodes", "link cut a b"} {
		if err := run(context.Background(), strings.Fields(line)); err == nil {
			t.Errorf("testbed %s works without a cluster", line)
		}
	}
}

func TestTogetherStopsTheOthersAtTheFirstFailure(t *testing.T) {
	wrong := errors.New("wrong")
	err := together(context.Background(),
		func(context.Context) error { return wrong },
		func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) },
	)
	if !errors.Is(err, wrong) {
		t.Errorf("%v", err)
	}
	if err := together(context.Background(), func(context.Context) error { return nil }); err != nil {
		t.Errorf("%v", err)
	}
}

func TestWhatIsSwept(t *testing.T) {
	self := system.Self()
	ended := self
	ended.Start++
	for _, c := range []struct {
		name   string
		record bed.Record
		swept  bool
	}{
		{"being made", bed.Record{Phase: bed.Starting, Owner: self}, false},
		{"left half made", bed.Record{Phase: bed.Starting, Owner: ended}, true},
		{"left half taken down", bed.Record{Phase: bed.Stopping, Owner: ended}, true},
		{"made", bed.Record{Phase: bed.Ready}, false},
		{"made by this boot", bed.Record{Phase: bed.Ready, Processes: []bed.Process{{Boot: self.Boot}}}, false},
		{"of a process that runs", bed.Record{Phase: bed.Ready, User: &self}, false},
		{"of a process that has ended", bed.Record{Phase: bed.Ready, User: &ended}, true},
		{"of another boot", bed.Record{Phase: bed.Ready, Processes: []bed.Process{{Boot: "another"}}}, true},
	} {
		if why := abandoned(&c.record, false); (why != "") != c.swept {
			t.Errorf("%s: %q", c.name, why)
		}
		if abandoned(&c.record, true) == "" {
			t.Errorf("%s: kept though all were asked for", c.name)
		}
	}
}

func TestMinor(t *testing.T) {
	for version, want := range map[string]string{"1.36.3": "1.36", "1.36": "1.36", "": ""} {
		if got := minorOf(version); got != want {
			t.Errorf("minorOf(%q) = %q, want %q", version, got, want)
		}
	}
}
