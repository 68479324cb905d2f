// Package node makes real nodes: each a small machine of its own, with its own network, processes, mounts, host name,
// cgroup and disk, in which containerd, the kubelet and kube-proxy find everything at its usual place.
//
// A node has a first process; when that one is killed everything in the node ends at once and its mounts are gone, as
// when the power fails. What it wrote to its disk stays, and is found again at the next start.
package node

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/image"
	"periplus.dev/testbed/internal/system"
)

// The places within a node that its parts know each other by; they are the usual ones.
const (
	kubernetesDir  = "/opt/kubernetes"
	containerdDir  = "/opt/containerd"
	runcDir        = "/opt/runc"
	cniDir         = "/opt/cni/bin"
	socket         = "/run/containerd/containerd.sock"
	containerdFile = "/etc/containerd/config.toml"
	kubeletFile    = "/var/lib/kubelet/config.yaml"
	proxyFile      = "/var/lib/kube-proxy/config.yaml"
	credentialsDir = "/etc/kubernetes"
)

// Programs are the folders of what was built.
type Programs struct {
	Kubernetes, Containerd, Runc, CNI, CoreDNS, Kwok, Pause string
}

// seen are the folders by the places that a node sees them at. Folders, not files: runc looks at the folder it is in,
// and finds there what lies below a file that is mounted over another.
func (p Programs) seen() map[string]string {
	return map[string]string{
		kubernetesDir: p.Kubernetes, containerdDir: p.Containerd, runcDir: p.Runc, cniDir: p.CNI,
		system.PauseDir: p.Pause,
	}
}

// Root is the folder of the machine that a node sees as "/".
func Root(node bed.Node) string { return filepath.Join(node.Dir, "root") }

// Make makes a node that is off: its network and its disk with all configuration. The credentials must be in
// its folder: ca.crt, kubelet.kubeconfig, kubelet-server.crt and .key, kube-proxy.kubeconfig.
func Make(b *bed.Bed, node bed.Node) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	if err := system.MakeNodeNetwork(b, &record, node); err != nil {
		return err
	}
	return writeFiles(&record, node)
}

// Start switches a node on. When it is ready the API server says.
func Start(ctx context.Context, b *bed.Bed, node bed.Node, programs Programs) error {
	if err := StartRuntime(ctx, b, node, programs); err != nil {
		return err
	}
	return Join(ctx, b, node)
}

// StartRuntime switches a node on as far as its container runtime, with the images that every bed has. It needs no
// control plane.
func StartRuntime(ctx context.Context, b *bed.Bed, node bed.Node, programs Programs) error {
	archives, err := stockArchives(ctx, b, programs)
	if err != nil {
		return err
	}
	bootID, err := newBootID()
	if err != nil {
		return err
	}
	pause := filepath.Join(programs.Pause, "pause")
	if _, err := system.StartInit(ctx, b, node, pause); err != nil {
		return err
	}
	root := system.Root{Dir: Root(node), Folders: programs.seen(), BootID: bootID}
	if err := system.MakeRoot(b, node.Name, root); err != nil {
		return err
	}
	if err := startContainerd(ctx, b, node); err != nil {
		return err
	}
	for _, archive := range archives {
		if err := importOnce(ctx, b, node, archive); err != nil {
			return err
		}
	}
	return nil
}

// importOnce gives a node an image unless its disk has it from an earlier start.
func importOnce(ctx context.Context, b *bed.Bed, node bed.Node, archive string) error {
	note := filepath.Join(node.Dir, "imported", filepath.Base(archive))
	if _, err := os.Stat(note); err == nil {
		return nil
	}
	if err := Import(ctx, b, node, archive); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(note), 0o755); err != nil {
		return fmt.Errorf("cannot note the images of node %s: %w", node.Name, err)
	}
	if err := os.WriteFile(note, nil, 0o644); err != nil {
		return fmt.Errorf("cannot note the images of node %s: %w", node.Name, err)
	}
	return nil
}

// Join starts what makes a node that is on a node of its cluster: the kubelet and kube-proxy.
func Join(_ context.Context, b *bed.Bed, node bed.Node) error {
	if err := startKubelet(b, node); err != nil {
		return err
	}
	_, err := system.Start(b, process(b, node, kubernetesDir+"/kube-proxy", "--config="+proxyFile, "--v=2"))
	return err
}

// stock keeps several nodes that start at once from making the same archives.
var stock sync.Mutex

// stockArchives makes the archives of the images that every bed has, if they are not there yet. Those of programs are
// kept beside them, for all beds.
func stockArchives(ctx context.Context, b *bed.Bed, programs Programs) ([]string, error) {
	stock.Lock()
	defer stock.Unlock()
	busybox, err := image.BusyboxImage()
	if err != nil {
		return nil, err
	}
	var archives []string
	for _, one := range []struct {
		image image.Image
		dir   string
	}{
		{image.PauseImage(filepath.Join(programs.Pause, "pause")), programs.Pause},
		{image.CoreDNSImage(filepath.Join(programs.CoreDNS, "coredns")), programs.CoreDNS},
		{busybox, filepath.Join(b.Dir, "images")},
	} {
		archive, err := image.Ensure(ctx, one.image, one.dir)
		if err != nil {
			return nil, err
		}
		archives = append(archives, archive)
	}
	return archives, nil
}

// startContainerd starts the container runtime and waits for its socket: a kubelet that finds none ends at once.
func startContainerd(ctx context.Context, b *bed.Bed, node bed.Node) error {
	runtime, err := system.Start(b, process(b, node, containerdDir+"/containerd", "--config", containerdFile))
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if system.Wait(ended, runtime) == nil {
			cancel(fmt.Errorf("containerd of node %s ended; see %s", node.Name, runtime.Log))
		}
	}()
	path, err := system.NodeFile(b, node.Name, socket)
	if err != nil {
		return err
	}
	for {
		// containerd listens when all its plugins are ready, not before.
		connection, err := new(net.Dialer).DialContext(ended, "unix", path)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-ended.Done():
			return fmt.Errorf("containerd of node %s does not answer: %w", node.Name, errors.Join(context.Cause(ended), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func startKubelet(b *bed.Bed, node bed.Node) error {
	_, err := system.Start(b, process(b, node, kubernetesDir+"/kubelet",
		"--config="+kubeletFile,
		"--kubeconfig="+credentialsDir+"/kubelet.conf",
		"--hostname-override="+node.Name,
		"--node-ip="+node.Address,
		"--root-dir=/var/lib/kubelet",
		"--v=2"))
	return err
}

// StopKubelet ends a node's kubelet; its containers go on.
func StopKubelet(ctx context.Context, b *bed.Bed, node bed.Node, grace time.Duration) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	kubelet, found := record.Process("kubelet-" + node.Name)
	if !found {
		return fmt.Errorf("node %s has no kubelet; start the node", node.Name)
	}
	return system.Stop(ctx, kubelet, grace)
}

// RestartKubelet ends a node's kubelet and starts it again; its containers go on.
func RestartKubelet(ctx context.Context, b *bed.Bed, node bed.Node) error {
	if err := StopKubelet(ctx, b, node, kubeletGrace); err != nil {
		return err
	}
	return startKubelet(b, node)
}

// kubeletGrace is how long a kubelet may take to end; it takes a fraction of a second.
const kubeletGrace = 10 * time.Second

// Stop cuts a node's power. Its disk stays. To stop one that is off is no error.
func Stop(ctx context.Context, b *bed.Bed, node bed.Node) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	first, _ := record.Process(system.InitName(node.Name))
	return system.Kill(ctx, first)
}

// Import gives a node an image from an archive.
func Import(ctx context.Context, b *bed.Bed, node bed.Node, archive string) error {
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("cannot open the image %s: %w", archive, err)
	}
	defer file.Close()
	_, err = system.RunInNode(ctx, b, node.Name, file,
		containerdDir+"/ctr", "--namespace=k8s.io", "images", "import", "--local", "-")
	if err != nil {
		return fmt.Errorf("cannot import the image %s into node %s: %w", archive, node.Name, err)
	}
	return nil
}

// process is a process of a node, named after it.
func process(b *bed.Bed, node bed.Node, program string, args ...string) bed.Process {
	name := filepath.Base(program) + "-" + node.Name
	return bed.Process{
		Name: name, Node: node.Name, Namespace: node.Namespace,
		Path: program, Args: args, Dir: "/", Log: logFile(b, name),
	}
}

func logFile(b *bed.Bed, process string) string { return filepath.Join(b.Dir, "logs", process+".log") }

// newBootID is an identity as the kernel draws one at each boot.
func newBootID() (string, error) {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", fmt.Errorf("cannot draw the identity of a boot: %w", err)
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]), nil
}

// BootID is the identity of a node's last start, as its kubelet reports it.
func BootID(node bed.Node) (string, error) {
	text, err := os.ReadFile(filepath.Join(Root(node), system.BootIDFile))
	if err != nil {
		return "", fmt.Errorf("cannot read the boot of node %s; was it ever started?: %w", node.Name, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// machineID is the node's for ever.
func machineID(node bed.Node) string {
	sum := md5.Sum([]byte(node.Name))
	return hex.EncodeToString(sum[:])
}

// writeFiles makes the node's disk.
func writeFiles(record *bed.Record, node bed.Node) error {
	root := Root(node)
	for _, dir := range []string{
		"/etc/containerd", "/etc/cni/net.d", credentialsDir, "/var/lib/containerd", "/var/lib/kubelet",
		"/var/lib/kube-proxy", "/var/log/pods", "/var/log/containers", "/var/tmp", "/srv",
	} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return fmt.Errorf("cannot make the disk of node %s: %w", node.Name, err)
		}
	}
	// As everywhere: /var/run is /run.
	if err := os.Symlink("/run", filepath.Join(root, "var/run")); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("cannot make the disk of node %s: %w", node.Name, err)
	}
	files := configuration(record, node)
	for _, name := range []string{"passwd", "group", "nsswitch.conf", "protocols", "services", "ld.so.cache", "ld.so.conf",
		"os-release", "localtime", "timezone", "login.defs"} {
		if text, err := os.ReadFile("/etc/" + name); err == nil {
			files["/etc/"+name] = string(text)
		}
	}
	for from, to := range map[string]string{
		"ca.crt": "ca.crt", "kubelet.kubeconfig": "kubelet.conf", "kube-proxy.kubeconfig": "kube-proxy.conf",
		"kubelet-server.crt": "kubelet-server.crt", "kubelet-server.key": "kubelet-server.key",
	} {
		text, err := os.ReadFile(filepath.Join(node.Dir, from))
		if err != nil {
			return fmt.Errorf("cannot read the credentials of node %s: %w", node.Name, err)
		}
		files[credentialsDir+"/"+to] = string(text)
	}
	for path, text := range files {
		mode := fs.FileMode(0o644)
		if filepath.Ext(path) == ".key" || filepath.Ext(path) == ".conf" && filepath.Dir(path) == credentialsDir {
			mode = 0o600
		}
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), mode); err != nil {
			return fmt.Errorf("cannot write %s of node %s: %w", path, node.Name, err)
		}
	}
	return nil
}

// sandbox is the image that every pod begins with.
const sandbox = image.Pause
