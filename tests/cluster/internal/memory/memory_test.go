package memory

import (
	"os"
	"testing"
)

func TestRollup(t *testing.T) {
	for _, c := range []struct {
		name, text      string
		resident, share uint64
		ok              bool
	}{
		{"usual", "55d0-7ffd ---p 00000000 00:00 0   [rollup]\nRss:  1024 kB\nPss:   512 kB\nPss_Anon: 100 kB\n", 1 << 20, 512 << 10, true},
		{"empty, as of a kernel thread", "", 0, 0, false},
		{"no share", "Rss: 1 kB\n", 0, 0, false},
		{"no number", "Rss: x kB\nPss: 1 kB\n", 0, 0, false},
		{"too large", "Rss: 99999999999999999999 kB\nPss: 1 kB\n", 0, 0, false},
	} {
		resident, share, err := rollup(c.text)
		if (err == nil) != c.ok || resident != c.resident || share != c.share {
			t.Errorf("%s: %d, %d, %v", c.name, resident, share, err)
		}
	}
	if resident, share, err := OfProcess(os.Getpid()); err != nil || resident == 0 || share == 0 || share > resident {
		t.Errorf("this process has %d, %d, %v", resident, share, err)
	}
}

func TestStat(t *testing.T) {
	text := "cache 1\nrss 5\ntotal_cache 3\ntotal_rss 77\n"
	if value, err := stat(text, "total_rss"); err != nil || value != 77 {
		t.Errorf("%d, %v", value, err)
	}
	if _, err := stat(text, "anon"); err == nil {
		t.Error("a value that is not there was found")
	}
}
