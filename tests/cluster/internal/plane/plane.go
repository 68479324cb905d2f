// Package plane is a control plane as processes of this machine: etcd, the API server, the controllers and the
// scheduler, in the network namespace of the bed's region, with certificates and RBAC as a real cluster has them.
//
// Every process is reached at the region's address, from the machine too: the API server at 6443, etcd at 2379 (with
// a client certificate) and its metrics at 2381, the controllers at 10257, the scheduler at 10259. None of them elects
// a leader: there is one of each, and one that lost its lease while the API server was killed would end.
package plane

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"periplus.dev/testbed/internal/api"
	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/pki"
	"periplus.dev/testbed/internal/system"
)

// The names of the control plane's processes.
const (
	Etcd        = "etcd"
	Server      = "kube-apiserver"
	Controllers = "kube-controller-manager"
	Scheduler   = "kube-scheduler"
)

// Parts are the names of the control plane's processes in the order they are started in.
var Parts = []string{Etcd, Server, Controllers, Scheduler}

// Plane is the control plane of one bed.
type Plane struct {
	bed    *bed.Bed
	record bed.Record
	// programs is the folder with the Kubernetes programs and etcd.
	programs string
}

// New is the control plane of a bed, made of the programs in a folder.
func New(b *bed.Bed, programs string) (*Plane, error) {
	record, err := b.Read()
	if err != nil {
		return nil, err
	}
	return &Plane{bed: b, record: record, programs: programs}, nil
}

// Address is the URL of the API server.
func Address(record *bed.Record) string { return "https://" + record.RegionAddress() + ":6443" }

// AdminKubeconfig is the file with which everything in the bed's cluster may be done.
func AdminKubeconfig(b *bed.Bed) string { return filepath.Join(b.Dir, "admin.kubeconfig") }

// PKI is the folder of the bed's certificates.
func PKI(b *bed.Bed) string { return filepath.Join(b.Dir, "pki") }

// Client is a client of the bed's API server that may do everything.
func Client(b *bed.Bed) (*api.Client, error) {
	record, err := b.Read()
	if err != nil {
		return nil, err
	}
	return api.New(Address(&record), api.Credentials{
		CAFile:   filepath.Join(PKI(b), "ca.crt"),
		CertFile: filepath.Join(PKI(b), "admin.crt"),
		KeyFile:  filepath.Join(PKI(b), "admin.key"),
	})
}

// MakeCredentials makes all certificates and kubeconfigs of the control plane.
func (p *Plane) MakeCredentials() error {
	dir := PKI(p.bed)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the folder of the certificates: %w", err)
	}
	cluster, err := pki.EnsureAuthority(dir, "ca", "kubernetes")
	if err != nil {
		return err
	}
	etcd, err := pki.EnsureAuthority(dir, "etcd-ca", "etcd-ca")
	if err != nil {
		return err
	}
	front, err := pki.EnsureAuthority(dir, "front-proxy-ca", "front-proxy-ca")
	if err != nil {
		return err
	}
	r := &p.record
	here := []string{"localhost", "127.0.0.1", r.RegionAddress(), r.HubAddress()}
	for _, one := range []struct {
		authority *pki.Authority
		name      string
		request   pki.Request
	}{
		{etcd, "etcd", pki.Request{User: "etcd", Hosts: here}},
		{etcd, "apiserver-etcd-client", pki.Request{User: "kube-apiserver-etcd-client"}},
		{front, "front-proxy-client", pki.Request{User: "front-proxy-client"}},
		{cluster, "apiserver", pki.Request{User: "kube-apiserver", Hosts: append([]string{
			"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + bed.Domain,
			r.Name, r.ServiceAddress()}, here...)}},
		{cluster, "apiserver-kubelet-client", pki.Request{User: "kube-apiserver-kubelet-client",
			Groups: []string{"system:masters"}}},
		{cluster, "controller-manager", pki.Request{User: "system:kube-controller-manager", Hosts: here}},
		{cluster, "scheduler", pki.Request{User: "system:kube-scheduler", Hosts: here}},
		{cluster, "kube-proxy", pki.Request{User: "system:kube-proxy"}},
		{cluster, "kwok", pki.Request{User: "kwok", Groups: []string{"system:masters"}, Hosts: here}},
		{cluster, "admin", pki.Request{User: "kubernetes-admin", Groups: []string{"system:masters"}}},
	} {
		if _, err := one.authority.Issue(dir, one.name, one.request); err != nil {
			return err
		}
	}
	if _, err := pki.SigningKey(dir, "sa"); err != nil {
		return err
	}
	for _, user := range []string{"controller-manager", "scheduler", "kube-proxy", "kwok", "admin"} {
		pair := pki.Pair{CertFile: filepath.Join(dir, user+".crt"), KeyFile: filepath.Join(dir, user+".key")}
		if err := p.writeKubeconfig(filepath.Join(p.bed.Dir, user+".kubeconfig"), user, pair); err != nil {
			return err
		}
	}
	return nil
}

// MakeNodeCredentials makes the certificates and kubeconfigs of a real node in its folder: kubelet.kubeconfig,
// kube-proxy.kubeconfig, kubelet-server.crt and .key, ca.crt.
func (p *Plane) MakeNodeCredentials(node bed.Node) error {
	if err := os.MkdirAll(node.Dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the folder of node %s: %w", node.Name, err)
	}
	cluster, err := pki.EnsureAuthority(PKI(p.bed), "ca", "kubernetes")
	if err != nil {
		return err
	}
	user := "system:node:" + node.Name
	pair, err := cluster.Issue(node.Dir, "kubelet", pki.Request{User: user, Groups: []string{"system:nodes"}})
	if err != nil {
		return err
	}
	if err := p.writeKubeconfig(filepath.Join(node.Dir, "kubelet.kubeconfig"), user, pair); err != nil {
		return err
	}
	if _, err := cluster.Issue(node.Dir, "kubelet-server", pki.Request{
		User: user, Groups: []string{"system:nodes"}, Hosts: []string{node.Name, node.Address},
	}); err != nil {
		return err
	}
	dir := PKI(p.bed)
	proxy := pki.Pair{CertFile: filepath.Join(dir, "kube-proxy.crt"), KeyFile: filepath.Join(dir, "kube-proxy.key")}
	if err := p.writeKubeconfig(filepath.Join(node.Dir, "kube-proxy.kubeconfig"), "kube-proxy", proxy); err != nil {
		return err
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return fmt.Errorf("cannot read the cluster's authority: %w", err)
	}
	if err := os.WriteFile(filepath.Join(node.Dir, "ca.crt"), authority, 0o644); err != nil {
		return fmt.Errorf("cannot write the authority for node %s: %w", node.Name, err)
	}
	return nil
}

// Start starts one part, or starts it again, with the arguments that it always has.
func (p *Plane) Start(part string) error {
	args, known := map[string]func() []string{
		Etcd: p.etcdArgs, Server: p.serverArgs, Controllers: p.controllersArgs, Scheduler: p.schedulerArgs,
	}[part]
	if !known {
		return fmt.Errorf("unknown part of the control plane: %q; its parts are %v", part, Parts)
	}
	_, err := system.Start(p.bed, bed.Process{
		Name:      part,
		Namespace: p.record.Region(),
		Path:      filepath.Join(p.programs, part),
		Args:      args(),
		Dir:       p.bed.Dir,
		Log:       filepath.Join(p.bed.Dir, "logs", part+".log"),
	})
	return err
}

// WaitServer returns when the API server is ready. When its process ends before, it says so with the end of its log.
func (p *Plane) WaitServer(ctx context.Context) error {
	client, err := Client(p.bed)
	if err != nil {
		return err
	}
	record, err := p.bed.Read()
	if err != nil {
		return err
	}
	server, found := record.Process(Server)
	if !found {
		return fmt.Errorf("the API server of bed %s was not started", p.bed.Name)
	}
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if system.Wait(waiting, server) == nil {
			cancel(fmt.Errorf("the API server of bed %s ended; see %s", p.bed.Name, server.Log))
		}
	}()
	if err := client.WaitReady(waiting); err != nil {
		if cause := context.Cause(waiting); cause != nil && ctx.Err() == nil {
			return cause
		}
		return fmt.Errorf("%w; see %s", err, server.Log)
	}
	return nil
}

// AnnounceNode makes the Node object of a real node before its kubelet does, because only so it can have the range of
// pods that the address plan gives it.
func (p *Plane) AnnounceNode(ctx context.Context, client *api.Client, node bed.Node) error {
	object := map[string]any{
		"apiVersion": "v1",
		"kind":       "Node",
		"metadata":   map[string]any{"name": node.Name},
		"spec":       map[string]any{"podCIDR": node.PodRange, "podCIDRs": []string{node.PodRange}},
	}
	if err := client.Create(ctx, "/api/v1/nodes", object); err != nil {
		return fmt.Errorf("cannot announce node %s: %w", node.Name, err)
	}
	return nil
}

// CountNodes returns how many nodes the cluster has and how many are ready.
func CountNodes(ctx context.Context, client *api.Client) (all, ready int, err error) {
	seen := nodes{}
	text, err := client.Do(ctx, http.MethodGet, "/api/v1/nodes", nil, "")
	if err != nil {
		return 0, 0, err
	}
	if err := seen.list(text); err != nil {
		return 0, 0, err
	}
	all, ready = len(seen), seen.ready()
	return all, ready, nil
}

// WaitNodes returns when so many nodes are ready; the function is told each time the number changes.
func WaitNodes(ctx context.Context, client *api.Client, want int, tell func(ready int)) error {
	seen := nodes{}
	last := -1
	err := client.Watch(ctx, "/api/v1/nodes", func(event api.Event) (bool, error) {
		if err := seen.see(event); err != nil {
			return false, err
		}
		if ready := seen.ready(); ready != last {
			last = ready
			tell(ready)
		}
		return last >= want, nil
	})
	if err != nil {
		return fmt.Errorf("%d of %d nodes are ready: %w", max(last, 0), want, err)
	}
	return nil
}

// Stop stops a part: gently within the grace, then at once.
func (p *Plane) Stop(ctx context.Context, part string, grace time.Duration) error {
	process, err := p.process(part)
	if err != nil {
		return err
	}
	return system.Stop(ctx, process, grace)
}

// Kill ends a part with SIGKILL, as a crash would.
func (p *Plane) Kill(ctx context.Context, part string) error {
	process, err := p.process(part)
	if err != nil {
		return err
	}
	return system.Kill(ctx, process)
}

func (p *Plane) process(part string) (bed.Process, error) {
	record, err := p.bed.Read()
	if err != nil {
		return bed.Process{}, err
	}
	process, found := record.Process(part)
	if !found {
		return bed.Process{}, fmt.Errorf("bed %s has no %s; its parts are %v", p.bed.Name, part, Parts)
	}
	return process, nil
}
