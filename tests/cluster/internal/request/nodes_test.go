package request

import "testing"

func TestParseNodes(t *testing.T) {
	for _, c := range []struct {
		text string
		want Nodes
		ok   bool
	}{
		{"real:2,fake:50", Nodes{2, 50}, true},
		{"real:0", Nodes{}, true},
		{" fake:3 , real:1", Nodes{1, 3}, true},
		{"", Nodes{}, false},
		{"real", Nodes{}, false},
		{"real:-1", Nodes{}, false},
		{"real:1,real:2", Nodes{}, false},
		{"real:x", Nodes{}, false},
		{"odd:1", Nodes{}, false},
		{"real:65", Nodes{}, false},
		{"fake:5001", Nodes{}, false},
	} {
		got, err := ParseNodes(c.text)
		if (err == nil) != c.ok || (c.ok && got != c.want) {
			t.Errorf("ParseNodes(%q) = %v, %v; want %v, success %v", c.text, got, err, c.want, c.ok)
		}
	}
}

func TestVersion(t *testing.T) {
	releases := map[string]string{"1.36": "1.36.3", "1.35": "1.35.4"}
	full := func(minor string) (string, error) { return releases[minor], nil }
	for _, c := range []struct{ text, minor string }{
		{"", "1.36"}, {"1.35", "1.35"}, {"v1.35", "1.35"}, {"1.35.4", "1.35"}, {"v1.36.3", "1.36"},
		{"1.35.3", ""}, {"1.3", ""}, {"2", ""},
	} {
		minor, release, err := Version(c.text, []string{"1.36", "1.35"}, full)
		if (err == nil) != (c.minor != "") || minor != c.minor || release != releases[c.minor] {
			t.Errorf("Version(%q) = %q, %q, %v; want %q", c.text, minor, release, err, c.minor)
		}
	}
}
