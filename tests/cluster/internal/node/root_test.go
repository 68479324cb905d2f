package node

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/binaries"
	"periplus.dev/testbed/internal/image"
	"periplus.dev/testbed/internal/system"
	"periplus.dev/testbed/internal/untouched"
)

// runtimePrograms are what a node needs as far as its container runtime; Kubernetes, which takes minutes to build, is
// not among them.
func runtimePrograms(t *testing.T) Programs {
	t.Helper()
	cache, err := binaries.Default(t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	folder := func(name string) string {
		path, err := cache.Path(t.Context(), name, "")
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(path)
	}
	p := Programs{Containerd: folder("containerd"), Runc: folder("runc"), CNI: folder("bridge"), Pause: folder("pause"),
		CoreDNS: folder("coredns")}
	p.Kubernetes = p.Pause
	return p
}

// in runs a shell's commands in a node and returns what they print.
func in(t *testing.T, b *bed.Bed, node bed.Node, script string) string {
	t.Helper()
	output, err := system.RunInNode(t.Context(), b, node.Name, strings.NewReader(script), "/bin/sh", "-e")
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return strings.TrimSpace(string(output))
}

func TestRootANodeIsAMachineOfItsOwn(t *testing.T) {
	untouched.Check(t)
	if _, err := exec.LookPath("busybox"); err != nil {
		t.Skip("needs busybox: install busybox-static")
	}
	programs := runtimePrograms(t)
	name := untouched.Name("node")
	b, err := bed.Create(bed.Root(), name, func(r *bed.Record) {
		r.Nodes = []bed.Node{r.NewNode(1, filepath.Join(bed.Root(), "beds", name, "nodes", name+"-1"))}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(system.Sweep(ctx, b), b.Remove()); err != nil {
			t.Error(err)
		}
	})
	record, err := b.Read()
	if err != nil {
		t.Fatal(err)
	}
	// The index is known only now.
	one := record.NewNode(1, record.Nodes[0].Dir)
	if err := b.Update(func(r *bed.Record) error { r.Nodes = []bed.Node{one}; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := system.MakeRegion(b); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(one.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ca.crt", "kubelet.kubeconfig", "kube-proxy.kubeconfig", "kubelet-server.crt",
		"kubelet-server.key"} {
		if err := os.WriteFile(filepath.Join(one.Dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Make(b, one); err != nil {
		t.Fatal(err)
	}
	if err := StartRuntime(t.Context(), b, one, programs); err != nil {
		t.Fatal(err)
	}
	if name := in(t, b, one, "hostname"); name != one.Name {
		t.Errorf("named %q", name)
	}
	if links := in(t, b, one, "ls /sys/class/net"); links != "eth0\nlo" {
		t.Errorf("links %q", links)
	}
	if cgroups := in(t, b, one, "cut -d: -f3 /proc/self/cgroup | sort -u"); cgroups != "/system" {
		t.Errorf("cgroups %q", cgroups)
	}
	if first := in(t, b, one, "cat /proc/1/comm; hostname"); first != "pause\n"+one.Name {
		t.Errorf("process 1 is %q", first)
	}
	if hello := in(t, b, one, "ctr -n k8s.io run --rm "+image.Busybox+" hello echo from a container"); hello != "from a container" {
		t.Errorf("heard %q", hello)
	}
	metrics := net.JoinHostPort(one.Address, "1338")
	reach := func(patience time.Duration) error {
		connection, err := net.DialTimeout("tcp", metrics, patience)
		if err == nil {
			_ = connection.Close()
		}
		return err
	}
	if err := reach(5 * time.Second); err != nil {
		t.Errorf("the machine does not reach the node: %v", err)
	}
	if err := system.SetNodePort(b, one, system.Out); err != nil {
		t.Fatal(err)
	}
	if reach(200*time.Millisecond) == nil {
		t.Error("reached without its cable")
	}
	if err := system.SetNodePort(b, one, system.In); err != nil {
		t.Fatal(err)
	}
	if err := reach(20 * time.Second); err != nil {
		t.Errorf("with its cable again: %v", err)
	}
	// It runs on, in a cgroup that containerd makes where it likes, when the power fails.
	in(t, b, one, "ctr -n k8s.io run -d "+image.Busybox+" on sleep 1000; echo kept > /var/lib/kept")
	boot, machine := in(t, b, one, "cat /proc/sys/kernel/random/boot_id"), in(t, b, one, "cat /etc/machine-id")
	if err := Stop(t.Context(), b, one); err != nil {
		t.Fatal(err)
	}
	if err := Stop(t.Context(), b, one); err != nil {
		t.Errorf("stopped again: %v", err)
	}
	for _, line := range untouched.State(t, b) {
		if strings.HasPrefix(line, "process ") {
			t.Errorf("runs without power: %s", line)
		}
	}
	if err := StartRuntime(t.Context(), b, one, programs); err != nil {
		t.Fatal(err)
	}
	if kept := in(t, b, one, "cat /var/lib/kept"); kept != "kept" {
		t.Errorf("on its disk is %q", kept)
	}
	if again := in(t, b, one, "cat /proc/sys/kernel/random/boot_id"); again == boot {
		t.Error("the second start is the first by its boot id")
	}
	if again := in(t, b, one, "cat /etc/machine-id"); again != machine {
		t.Error("after its start it is another machine")
	}
}
