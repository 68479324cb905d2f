package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/memory"
	"periplus.dev/testbed/internal/plane"
	"periplus.dev/testbed/internal/system"
)

// answerTime is how long a cluster's API server may take to say which nodes are ready.
const answerTime = 3 * time.Second

// description is what `status --output json` says of a cluster. Fields are only ever added.
type description struct {
	Name       string    `json:"name"`
	Version    string    `json:"version"`
	Phase      bed.Phase `json:"phase"`
	Created    time.Time `json:"created"`
	Kubeconfig string    `json:"kubeconfig"`
	Server     string    `json:"server"`
	// Dir is the folder with everything of the bed: pki/, logs/, nodes/NODE/.
	Dir string `json:"dir"`
	// APIServer is "ready", or why it is not.
	APIServer  string            `json:"apiServer"`
	Nodes      []nodeDescription `json:"nodes"`
	Fakes      int               `json:"fakeNodes"`
	NodesReady int               `json:"nodesReady"`
	NodesTotal int               `json:"nodesTotal"`
	// Cut are the clusters, or "host", that the link to is cut.
	Cut   []string          `json:"cut"`
	Parts []partDescription `json:"parts"`
	// ReadyAfterSeconds is how long `up` took until the cluster was ready; 0 before.
	ReadyAfterSeconds float64           `json:"readyAfterSeconds"`
	Steps             []stepDescription `json:"steps"`
	Addresses         addresses         `json:"addresses"`
}

type nodeDescription struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Pods    string `json:"podRange"`
	Stopped bool   `json:"stopped"`
	// Dir is the node's folder on this machine.
	Dir string `json:"dir"`
	// MemoryBytes is the anonymous memory of everything in the node, its pods included.
	MemoryBytes uint64 `json:"memoryBytes"`
}

type partDescription struct {
	Name  string `json:"name"`
	Node  string `json:"node,omitempty"`
	PID   int    `json:"pid"`
	Alive bool   `json:"alive"`
	Log   string `json:"log"`
	// ResidentBytes is what the part has in memory; ProportionalBytes counts pages shared with others by halves.
	ResidentBytes     uint64 `json:"residentBytes"`
	ProportionalBytes uint64 `json:"proportionalBytes"`
}

type stepDescription struct {
	Name         string  `json:"name"`
	AfterSeconds float64 `json:"afterSeconds"`
}

type addresses struct {
	Hub      string `json:"hub"`
	Region   string `json:"region"`
	Pods     string `json:"pods"`
	Services string `json:"services"`
	DNS      string `json:"dns"`
}

func outputFlag(set *flag.FlagSet) *string {
	output := "table"
	set.Func("output", "table or json (table)", func(text string) error {
		if text != "table" && text != "json" {
			return errors.New("it is table or json")
		}
		output = text
		return nil
	})
	return &output
}

func status(ctx context.Context, args []string) error {
	set := flags("status")
	name := set.String("name", "", "the cluster")
	output := outputFlag(set)
	names, err := parse(set, args)
	if err != nil {
		return err
	}
	if *name != "" {
		names = append(names, *name)
	}
	beds, err := named(names)
	if err != nil {
		return err
	}
	described := make([]description, 0, len(beds))
	for _, b := range beds {
		one, err := describe(ctx, b)
		if err != nil {
			return err
		}
		described = append(described, one)
	}
	if *output == "json" {
		return printJSON(described)
	}
	if len(described) == 0 {
		say("there is no cluster; make one with `testbed up`")
		return nil
	}
	return printStatus(described)
}

// describe says what there is of a bed now.
func describe(ctx context.Context, b *bed.Bed) (description, error) {
	r, err := b.Read()
	if err != nil {
		return description{}, err
	}
	d := description{
		Name: r.Name, Version: r.Version, Phase: r.Phase, Created: r.Created, Kubeconfig: plane.AdminKubeconfig(b),
		Server: plane.Address(&r), Dir: b.Dir, Nodes: []nodeDescription{}, Fakes: r.Fakes,
		Parts: []partDescription{}, Steps: []stepDescription{}, NodesTotal: len(r.Nodes) + r.Fakes,
		Addresses: addresses{Hub: r.HubAddress(), Region: r.RegionRange(), Pods: r.PodRange(),
			Services: r.ServiceRange(), DNS: r.DNSAddress()},
	}
	for _, step := range r.Steps {
		d.Steps = append(d.Steps, stepDescription{step.Name, step.Took.Round(time.Millisecond).Seconds()})
		if r.Phase == bed.Ready {
			d.ReadyAfterSeconds = step.Took.Round(time.Millisecond).Seconds()
		}
	}
	// The control plane first, then node by node; they were started side by side.
	slices.SortStableFunc(r.Processes, func(a, b bed.Process) int { return strings.Compare(a.Node, b.Node) })
	for _, process := range r.Processes {
		part := partDescription{Name: process.Name, Node: process.Node, PID: process.PID, Log: process.Log,
			Alive: system.Alive(process)}
		if part.Alive {
			// A process that ends meanwhile has none.
			part.ResidentBytes, part.ProportionalBytes, _ = memory.OfProcess(process.PID)
		}
		d.Parts = append(d.Parts, part)
	}
	for _, node := range r.Nodes {
		one := nodeDescription{Name: node.Name, Address: node.Address, Pods: node.PodRange, Stopped: node.Stopped, Dir: node.Dir}
		one.MemoryBytes, _ = memory.OfCgroup(node.Cgroup)
		d.Nodes = append(d.Nodes, one)
	}
	d.Cut = cutsOf(&r)
	d.APIServer = "ready"
	if d.NodesReady, err = nodesReady(ctx, b); err != nil {
		d.APIServer = err.Error()
	}
	return d, nil
}

// cutsOf are the ends of a bed's links that are cut. A cut between two beds is recorded with one of them.
func cutsOf(r *bed.Record) []string {
	cuts := append([]string{}, r.Cuts...)
	// What of another bed cannot be read does not keep this one from being shown.
	others, _ := bed.List(bed.Root())
	for _, other := range others {
		if record, err := other.Read(); err == nil && slices.Contains(record.Cuts, r.Name) {
			cuts = append(cuts, other.Name)
		}
	}
	slices.Sort(cuts)
	return cuts
}

func nodesReady(ctx context.Context, b *bed.Bed) (int, error) {
	client, err := plane.Client(b)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	_, ready, err := plane.CountNodes(ctx, client)
	return ready, err
}

func printStatus(described []description) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CLUSTER\tKUBERNETES\tPHASE\tNODES READY\tAPI SERVER\tAGE\tLINKS CUT")
	for _, d := range described {
		age := time.Since(d.Created).Round(time.Second)
		server := d.Server
		if d.APIServer != "ready" {
			server = "not ready"
		}
		cut := "none"
		if len(d.Cut) > 0 {
			cut = strings.Join(d.Cut, ", ")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d of %d\t%s\t%v\t%s\n", d.Name, d.Version, d.Phase, d.NodesReady, d.NodesTotal,
			server, age, cut)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, d := range described {
		if err := printParts(d); err != nil {
			return err
		}
	}
	return nil
}

func printParts(d description) error {
	fmt.Printf("\nParts of %s\n", d.Name)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PART\tNODE\tPROCESS\tMEMORY\tOWN SHARE")
	var resident, share uint64
	for _, part := range d.Parts {
		state := "ended"
		if part.Alive {
			state = fmt.Sprint(part.PID)
		}
		node := part.Node
		if node == "" {
			node = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", part.Name, node, state, memory.Text(part.ResidentBytes),
			memory.Text(part.ProportionalBytes))
		resident += part.ResidentBytes
		share += part.ProportionalBytes
	}
	fmt.Fprintf(table, "all\t\t\t%s\t%s\n", memory.Text(resident), memory.Text(share))
	if err := table.Flush(); err != nil {
		return err
	}
	if len(d.Nodes) == 0 {
		return nil
	}
	fmt.Printf("\nReal nodes of %s\n", d.Name)
	table = tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tADDRESS\tPODS\tPOWER\tMEMORY WITH PODS")
	for _, node := range d.Nodes {
		power := "on"
		if node.Stopped {
			power = "off"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", node.Name, node.Address, node.Pods, power, memory.Text(node.MemoryBytes))
	}
	return table.Flush()
}
