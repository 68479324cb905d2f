package bed

import "fmt"

// The address plan. Every bed has ranges of its own by its index, so that beds reach each other's nodes and pods
// without translation.
//
//	172.31.0.0/24            the hub, one bridge in the machine's namespace: the machine is .1, bed i is .(10+i)
//	172.30.i.0/24            bed i's region: the control plane (and router) is .1, its real node n is .(10+n)
//	10.(128+i).0.0/16        bed i's pods: node n has 10.(128+i).n.0/24, pods of fake nodes 10.(128+i).128.0/17
//	10.(64+i).0.0/16         bed i's services: DNS is 10.(64+i).0.10
const (
	// Host is the name that stands for the machine itself where a bed's name is asked for.
	Host = "host"
	// Hub is the bridge in the machine's namespace that all regions are on.
	Hub = "ptb-hub"
	// HubAddress is the machine's address on the hub.
	HubAddress = "172.31.0.1"
	// HubRange is the hub's range.
	HubRange = "172.31.0.0/24"
	// Domain is the DNS domain of the clusters.
	Domain = "cluster.local"
)

// MaxReal is how many real nodes a bed's address plan holds.
const MaxReal = 64

// HubLink is the link in the machine's namespace that ties the bed's region to the hub.
func (r *Record) HubLink() string { return fmt.Sprintf("ptb-up%d", r.Index) }

// HubAddress is the address of the bed's region on the hub.
func (r *Record) HubAddress() string { return fmt.Sprintf("172.31.0.%d", 10+r.Index) }

// Region is the network namespace of the control plane, which is the router of the region too.
func (r *Record) Region() string { return "ptb-" + r.Name }

// RegionAddress is the address of the control plane (and the gateway) within the region; the API server listens there.
func (r *Record) RegionAddress() string { return regionAddress(r.Index) }

// RegionRange is the range of the region's control plane and real nodes.
func (r *Record) RegionRange() string { return regionRange(r.Index) }

// PodRange is the range of all pods.
func (r *Record) PodRange() string { return podRange(r.Index) }

// FakePodRange is the part of the pods' range that is for pods on fake nodes.
func (r *Record) FakePodRange() string { return fmt.Sprintf("10.%d.128.0/17", 128+r.Index) }

// ServiceRange is the range of the services' addresses.
func (r *Record) ServiceRange() string { return fmt.Sprintf("10.%d.0.0/16", 64+r.Index) }

// ServiceAddress is the address of the service `kubernetes`.
func (r *Record) ServiceAddress() string { return fmt.Sprintf("10.%d.0.1", 64+r.Index) }

// DNSAddress is the address of the cluster's DNS service.
func (r *Record) DNSAddress() string { return fmt.Sprintf("10.%d.0.10", 64+r.Index) }

// NewNode is the real node of an index, from 1.
func (r *Record) NewNode(index int, dir string) Node {
	name := fmt.Sprintf("%s-%d", r.Name, index)
	return Node{
		Name:      name,
		Role:      Real,
		Index:     index,
		Address:   fmt.Sprintf("172.30.%d.%d", r.Index, 10+index),
		PodRange:  fmt.Sprintf("10.%d.%d.0/24", 128+r.Index, index),
		Namespace: "ptb-" + name,
		Cgroup:    "/ptb-" + name,
		Dir:       dir,
	}
}

// Route is a range of addresses with the address of the router to it.
type Route struct {
	Range string
	Via   string
}

// HubRoutes are the routes to every region and its pods over the hub, of beds that exist or may come, without those of
// the bed with the given index (-1 for all). As they are all known beforehand, a new bed changes nothing in the others.
func HubRoutes(except int) []Route {
	var routes []Route
	for index := range Limit {
		if index == except {
			continue
		}
		via := fmt.Sprintf("172.31.0.%d", 10+index)
		routes = append(routes, Route{regionRange(index), via}, Route{podRange(index), via})
	}
	return routes
}

func regionAddress(index int) string { return fmt.Sprintf("172.30.%d.1", index) }

func regionRange(index int) string { return fmt.Sprintf("172.30.%d.0/24", index) }

func podRange(index int) string { return fmt.Sprintf("10.%d.0.0/16", 128+index) }
