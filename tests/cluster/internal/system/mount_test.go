package system

import (
	"slices"
	"strings"
	"testing"
)

func TestParseMounts(t *testing.T) {
	const text = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 22 0:30 / /sys/fs/cgroup/cpu rw shared:9 master:3 - cgroup cgroup rw,cpu,cpuacct
40 22 0:4 net:[4026532345] /run/a\040b rw - nsfs nsfs rw
50 22 0:5 / /odd - tmpfs none
`
	want := []mountPoint{
		{"/", "/", "ext4", "/dev/vda", "rw,discard"},
		{"/", "/sys/fs/cgroup/cpu", "cgroup", "cgroup", "rw,cpu,cpuacct"},
		{"net:[4026532345]", "/run/a b", "nsfs", "nsfs", "rw"},
	}
	got, err := parseMounts(strings.NewReader(strings.Replace(text, "50 22 0:5 / /odd - tmpfs none\n", "", 1)))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if _, err := parseMounts(strings.NewReader(text)); err == nil {
		t.Error("a line without options was read")
	}
}

func TestWithin(t *testing.T) {
	for _, test := range []struct {
		path, dir string
		want      bool
	}{
		{"/a/b", "/a", true}, {"/a", "/a", true}, {"/ab", "/a", false}, {"/", "/a", false}, {"/a/b", "/a/", true},
	} {
		if got := within(test.path, test.dir); got != test.want {
			t.Errorf("%s within %s: %t", test.path, test.dir, got)
		}
	}
}

func TestDiff(t *testing.T) {
	before, after := State{"a", "b", "d"}, State{"b", "c", "d"}
	if got, want := before.Diff(after), []string{"- a", "+ c"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := before.Diff(before); len(got) > 0 {
		t.Errorf("%q differs from itself", got)
	}
}
