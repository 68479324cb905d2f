// Package bed is what a test bed owns, written down before it is made.
//
// A bed is one cluster with everything that it put on the machine: processes, network namespaces, links, mounts,
// cgroups, tables of rules, folders. Each is recorded on disk first and made second, so that whatever moment the maker
// is killed at, the record names everything that may be left. What is recorded may therefore not exist (yet, or any
// more): taking down must not mind.
//
// The record on disk is the truth. Several commands may work on one bed at once, so a change is read, made and written
// under a lock, in one rename.
package bed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"time"

	"golang.org/x/sys/unix"
)

// format is the version of the record on disk.
const format = 1

// Limit is how many beds one machine's address plan holds.
const Limit = 32

// Phase says how far a bed's life has come.
type Phase string

const (
	// Starting is a bed that `up` works on. If Owner does not live any more, what there is of it is to be swept.
	Starting Phase = "starting"
	// Ready is a bed whose nodes have been ready.
	Ready Phase = "ready"
	// Stopping is a bed that is being taken down.
	Stopping Phase = "stopping"
)

// Kind is a kind of thing that a bed puts on the machine and that outlives the process which made it.
type Kind string

const (
	// Namespace is a network namespace, by name.
	Namespace Kind = "namespace"
	// Link is a network link in the machine's own namespace, by name. Links within a namespace go with it.
	Link Kind = "link"
	// Mount is a folder at or below which everything mounted is the bed's.
	Mount Kind = "mount"
	// Cgroup is a path below the root of each cgroup hierarchy; what is below it is the bed's too.
	Cgroup Kind = "cgroup"
	// Table is an nftables table of the machine's own namespace: "family name".
	Table Kind = "table"
	// Dir is a folder outside the bed's own folder, with everything in it.
	Dir Kind = "dir"
)

// Thing is one thing that the bed owns.
type Thing struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
	// Node is the node that the thing is made for, or empty for the bed's own.
	Node string `json:"node,omitempty"`
}

// Process is a process that was started detached, to live on after the command that started it.
type Process struct {
	// Name is unique in the bed: "etcd", "kube-apiserver", "kubelet-NODE".
	Name string `json:"name"`
	// PID is 0 as long as the process is about to be started.
	PID int `json:"pid"`
	// Start is the process's start in clock ticks after boot (field 22 of /proc/PID/stat): with it a PID means one
	// process for ever, as long as Boot is that of the running kernel.
	Start uint64 `json:"start"`
	// Boot is /proc/sys/kernel/random/boot_id at the start.
	Boot string `json:"boot"`
	// Node is the node that the process belongs to, or empty for the control plane.
	Node string `json:"node,omitempty"`
	// Namespace is the network namespace it runs in, or empty for the machine's.
	Namespace string `json:"namespace,omitempty"`
	// Log is the file that its output goes to.
	Log string `json:"log"`
	// Path, Args (without argv[0]) and Env (beyond the parent's) start it again the same way.
	Path string   `json:"path"`
	Args []string `json:"args"`
	Env  []string `json:"env,omitempty"`
	Dir  string   `json:"dir,omitempty"`
}

// Role says what stands behind a node.
type Role string

const (
	// Real is a kubelet with a container runtime in a network namespace of its own.
	Real Role = "real"
	// Fake is a node that kwok plays.
	Fake Role = "fake"
)

// Node is a node of the cluster. Fake nodes are not listed one by one: see Record.Fakes.
type Node struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// Index counts the real nodes from 1; the addresses follow from it.
	Index   int    `json:"index"`
	Address string `json:"address"`
	// PodRange is the node's range of pod addresses.
	PodRange string `json:"podRange"`
	// Namespace is the node's network namespace.
	Namespace string `json:"namespace"`
	// Cgroup is the node's cgroup, below the root of each hierarchy: "/NAME".
	Cgroup string `json:"cgroup"`
	// Dir holds the node's files: the kubelet's root, containerd's root and state, logs, CNI's configuration.
	Dir string `json:"dir"`
	// Stopped is true from the moment that `node stop` is asked for until `node start` has brought it back.
	Stopped bool `json:"stopped,omitempty"`
}

// Step is a step of `up` with the time that it took.
type Step struct {
	Name string        `json:"name"`
	Took time.Duration `json:"took"`
}

// Record is what is known of a bed on disk.
type Record struct {
	Format int    `json:"format"`
	Name   string `json:"name"`
	// Index is the bed's number among those on this machine, from 0; the address plan follows from it.
	Index int `json:"index"`
	// Version is the full Kubernetes version, as "1.36.3".
	Version string    `json:"version"`
	Phase   Phase     `json:"phase"`
	Created time.Time `json:"created"`
	// Owner is the command that is making the bed or taking it down.
	Owner Process `json:"owner"`
	// User is the process that the bed was made for, if it goes with one: a sweep takes it down once that has ended.
	User *Process `json:"user,omitempty"`

	Processes []Process `json:"processes"`
	// Things are in the order of their making; they go in the opposite order.
	Things []Thing `json:"things"`
	Nodes  []Node  `json:"nodes"`
	// Fakes is the number of nodes that kwok plays, named fake-0, fake-1, …
	Fakes int `json:"fakes"`
	// Cuts are the beds (or "host") that the link to is cut.
	Cuts  []string `json:"cuts,omitempty"`
	Steps []Step   `json:"steps,omitempty"`
}

// Bed is a bed on disk.
type Bed struct {
	// Name is the name of the bed and of its cluster.
	Name string
	// Dir is the bed's folder; it is removed last.
	Dir  string
	root string
}

// ErrNoBed is returned for a name that no bed has.
var ErrNoBed = errors.New("no such bed")

// ErrExists is returned by Create for a name that is taken.
var ErrExists = errors.New("the bed exists already")

// names keeps what is derived from a bed's name (links, cgroups, host names) within what the kernel and DNS take.
var names = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$`)

// CheckName says what is wrong with a name for a bed or a node.
func CheckName(name string) error {
	if !names.MatchString(name) || name == Host {
		return fmt.Errorf("cannot name a bed %q: use 1 to 20 of a-z, 0-9 and -, beginning with a letter, and not %q",
			name, Host)
	}
	return nil
}

// Root is the folder of all beds of this machine: $TESTBED_DIR or /var/lib/periplus-testbed.
func Root() string {
	if dir := os.Getenv("TESTBED_DIR"); dir != "" {
		return dir
	}
	return "/var/lib/periplus-testbed"
}

// Create makes a bed's folder with a record in phase Starting, with the lowest index that is free.
func Create(root, name string, fill func(*Record)) (*Bed, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(root, "beds"), 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the folder of the beds (set TESTBED_DIR to another): %w", err)
	}
	b := &Bed{Name: name, Dir: filepath.Join(root, "beds", name), root: root}
	return b, Locked(root, func() error {
		others, err := List(root)
		if err != nil {
			return err
		}
		taken := map[int]bool{}
		for _, other := range others {
			record, err := other.Read()
			if err != nil {
				return err
			}
			taken[record.Index] = true
		}
		index := 0
		for taken[index] {
			index++
		}
		if index >= Limit {
			return fmt.Errorf("cannot make bed %s: this machine has its %d beds; take one down", name, Limit)
		}
		if err := os.Mkdir(b.Dir, 0o755); errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("bed %s: %w; take it down or choose another name", name, ErrExists)
		} else if err != nil {
			return fmt.Errorf("cannot make the folder of bed %s: %w", name, err)
		}
		record := Record{Format: format, Name: name, Index: index, Phase: Starting, Created: time.Now().UTC()}
		fill(&record)
		return b.write(&record)
	})
}

// Open finds a bed that was created.
func Open(root, name string) (*Bed, error) {
	b := &Bed{Name: name, Dir: filepath.Join(root, "beds", name), root: root}
	if _, err := os.Stat(b.file()); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("bed %s: %w; `testbed status` lists those there are", name, ErrNoBed)
		}
		return nil, fmt.Errorf("cannot read the record of bed %s: %w", name, err)
	}
	return b, nil
}

// List names the beds of this machine, in the order of their names. A folder in which no record was written yet is not
// a bed; it is removed by the sweep.
func List(root string) ([]*Bed, error) {
	entries, err := os.ReadDir(filepath.Join(root, "beds"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the beds: %w", err)
	}
	var beds []*Bed
	for _, entry := range entries {
		if b, err := Open(root, entry.Name()); err == nil {
			beds = append(beds, b)
		}
	}
	sort.Slice(beds, func(i, j int) bool { return beds[i].Name < beds[j].Name })
	return beds, nil
}

// Locked runs a function while no other command of this machine runs one: for what beds share.
func Locked(root string, do func() error) error {
	return locked(filepath.Join(root, "lock"), do)
}

// Read returns the record as it is on disk now.
func (b *Bed) Read() (Record, error) {
	var record Record
	text, err := os.ReadFile(b.file())
	if err != nil {
		return record, fmt.Errorf("cannot read the record of bed %s: %w", b.Name, err)
	}
	if err := json.Unmarshal(text, &record); err != nil {
		return record, fmt.Errorf("the record of bed %s is damaged (%s): %w", b.Name, b.file(), err)
	}
	if record.Format != format {
		return record, fmt.Errorf("the record of bed %s has format %d, this program knows %d: use the program that "+
			"made it", b.Name, record.Format, format)
	}
	return record, nil
}

// Update changes the record on disk. The function sees the newest record; when it fails nothing is written.
func (b *Bed) Update(change func(*Record) error) error {
	return locked(filepath.Join(b.Dir, "lock"), func() error {
		record, err := b.Read()
		if err != nil {
			return err
		}
		if err := change(&record); err != nil {
			return err
		}
		return b.write(&record)
	})
}

// Own records a thing that is about to be made. It is no error to own it already.
func (b *Bed) Own(thing Thing) error {
	return b.Update(func(r *Record) error {
		if !slices.Contains(r.Things, thing) {
			r.Things = append(r.Things, thing)
		}
		return nil
	})
}

// Disown forgets a thing that is gone.
func (b *Bed) Disown(thing Thing) error {
	return b.Update(func(r *Record) error {
		r.Things = slices.DeleteFunc(r.Things, func(t Thing) bool { return t == thing })
		return nil
	})
}

// SetProcess records a process in the place of the one of the same name, if there is one.
func (b *Bed) SetProcess(process Process) error {
	return b.Update(func(r *Record) error {
		r.SetProcess(process)
		return nil
	})
}

// ForgetProcess forgets a process that is gone for good.
func (b *Bed) ForgetProcess(name string) error {
	return b.Update(func(r *Record) error {
		r.Processes = slices.DeleteFunc(r.Processes, func(p Process) bool { return p.Name == name })
		return nil
	})
}

// Remove removes the bed's folder, the record last. Nothing may be mounted in it.
func (b *Bed) Remove() error {
	entries, err := os.ReadDir(b.Dir)
	if err != nil {
		return fmt.Errorf("cannot list the folder of bed %s: %w", b.Name, err)
	}
	for _, entry := range entries {
		if entry.Name() == filepath.Base(b.file()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(b.Dir, entry.Name())); err != nil {
			return fmt.Errorf("cannot remove the files of bed %s: %w", b.Name, err)
		}
	}
	if err := os.RemoveAll(b.Dir); err != nil {
		return fmt.Errorf("cannot remove the folder of bed %s: %w", b.Name, err)
	}
	return nil
}

// SetProcess puts a process in the place of the one of the same name, or at the end.
func (r *Record) SetProcess(process Process) {
	for i := range r.Processes {
		if r.Processes[i].Name == process.Name {
			r.Processes[i] = process
			return
		}
	}
	r.Processes = append(r.Processes, process)
}

// Process finds a process by its name.
func (r *Record) Process(name string) (Process, bool) {
	for _, process := range r.Processes {
		if process.Name == name {
			return process, true
		}
	}
	return Process{}, false
}

// Node finds a real node by its name.
func (r *Record) Node(name string) (Node, bool) {
	for _, node := range r.Nodes {
		if node.Name == name {
			return node, true
		}
	}
	return Node{}, false
}

func (b *Bed) file() string { return filepath.Join(b.Dir, "bed.json") }

// write replaces the record in one step, so that a reader and a crash see the old or the new one whole.
func (b *Bed) write(record *Record) error {
	text, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the record of bed %s: %w", b.Name, err)
	}
	next := b.file() + ".next"
	if err := os.WriteFile(next, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("cannot write the record of bed %s: %w", b.Name, err)
	}
	if err := os.Rename(next, b.file()); err != nil {
		return fmt.Errorf("cannot write the record of bed %s: %w", b.Name, err)
	}
	return nil
}

// locked runs a function under an exclusive lock of a file. The lock goes with the process.
func locked(path string, do func() error) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("cannot open the lock %s: %w", path, err)
	}
	defer file.Close()
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("cannot take the lock %s: %w", path, err)
	}
	return do()
}
