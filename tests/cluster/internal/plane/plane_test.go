package plane

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"periplus.dev/testbed/internal/api"
	"periplus.dev/testbed/internal/bed"
)

// made is a control plane with its credentials, of which nothing runs.
func made(t *testing.T) *Plane {
	t.Helper()
	b, err := bed.Create(t.TempDir(), "a", func(r *bed.Record) { r.Version = "1.36.3" })
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(b, "/programs")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.MakeCredentials(); err != nil {
		t.Fatal(err)
	}
	return p
}

// A file that a part is told to read and that nobody made would be found at its start only.
func TestEveryFileThatIsNamedIsMade(t *testing.T) {
	p := made(t)
	for part, args := range map[string][]string{
		Etcd: p.etcdArgs(), Server: p.serverArgs(), Controllers: p.controllersArgs(), Scheduler: p.schedulerArgs(),
	} {
		seen := map[string]bool{}
		for _, arg := range args {
			name, value, found := strings.Cut(arg, "=")
			if !found || !strings.HasPrefix(name, "--") || seen[name] {
				t.Errorf("%s has the odd or doubled argument %s", part, arg)
			}
			seen[name] = true
			if !strings.HasPrefix(value, p.bed.Dir) || name == "--data-dir" {
				continue
			}
			if _, err := os.Stat(value); err != nil {
				t.Errorf("%s %s: %v", part, arg, err)
			}
		}
	}
}

func TestNodeCredentials(t *testing.T) {
	p := made(t)
	node := p.record.NewNode(2, filepath.Join(p.bed.Dir, "nodes", "a-2"))
	if err := p.MakeNodeCredentials(node); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ca.crt", "kubelet.kubeconfig", "kube-proxy.kubeconfig", "kubelet-server.crt", "kubelet-server.key"} {
		if info, err := os.Stat(filepath.Join(node.Dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(node.Dir, "kubelet.kubeconfig"))
	if err != nil || !strings.Contains(string(text), `"system:node:a-2"`) || !strings.Contains(string(text), "server: https://172.30.0.1:6443\n") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestWhichNodesAreReady(t *testing.T) {
	object := func(name, ready, taint string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`{"metadata":{"name":%q},"spec":{"taints":[{"key":%q}]},"status":{"conditions":[
			{"type":"DiskPressure","status":"False"},{"type":"Ready","status":%q}]}}`, name, taint, ready))
	}
	seen := nodes{}
	for i, c := range []struct {
		event api.Event
		ready int
	}{
		{api.Event{Type: "RESET"}, 0},
		{api.Event{Type: "ADDED", Object: object("a", "True", "own")}, 1},
		{api.Event{Type: "ADDED", Object: object("b", "True", "node.kubernetes.io/not-ready")}, 1},
		{api.Event{Type: "MODIFIED", Object: object("b", "True", "own")}, 2},
		{api.Event{Type: "MODIFIED", Object: object("a", "Unknown", "node.kubernetes.io/unreachable")}, 1},
		{api.Event{Type: "DELETED", Object: object("b", "True", "own")}, 0},
		{api.Event{Type: "ADDED", Object: object("c", "True", "own")}, 1},
		{api.Event{Type: "RESET"}, 0},
	} {
		if err := seen.see(c.event); err != nil || seen.ready() != c.ready {
			t.Errorf("after event %d %d nodes are ready, want %d: %v", i, seen.ready(), c.ready, err)
		}
	}
	if err := seen.see(api.Event{Type: "ADDED", Object: json.RawMessage(`[]`)}); err == nil {
		t.Error("what is no node was taken for one")
	}
}
