package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"periplus.dev/testbed/internal/bed"
)

// nodesBridge is the bridge of a region's nodes, within the region's namespace; hubEnd the region's end of its link to
// the hub.
const (
	nodesBridge = "nodes"
	hubEnd      = "hub"
)

// MakeRegion makes the network of a bed: the namespace of its control plane, with a bridge for its nodes and a link to
// the hub that all beds and the machine meet on. The hub is made with the first bed.
func MakeRegion(b *bed.Bed) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	if err := MakeNamespace(b, record.Region(), ""); err != nil {
		return err
	}
	region := Region(b, &record)
	if err := forward(region); err != nil {
		return err
	}
	if err := b.Own(bed.Thing{Kind: bed.Link, Name: record.HubLink()}); err != nil {
		return err
	}
	// The hub goes with the last bed: nobody may take it away between its making and the first link.
	err = bed.Locked(rootOf(b), func() error {
		if err := errors.Join(makeHub(), raiseLimits(rootOf(b))); err != nil {
			return err
		}
		return ip(Space{},
			fmt.Sprintf("link add %s type veth peer name %s netns %s", record.HubLink(), hubEnd, region.Net),
			fmt.Sprintf("link set %s master %s up", record.HubLink(), bed.Hub),
			fmt.Sprintf("route replace %s via %s", record.RegionRange(), record.HubAddress()),
			fmt.Sprintf("route replace %s via %s", record.PodRange(), record.HubAddress()))
	})
	if err != nil {
		return fmt.Errorf("cannot link bed %s to the hub: %w", b.Name, err)
	}
	lines := []string{
		fmt.Sprintf("link add %s address %s type bridge", nodesBridge, hardware(record.Index, 0)),
		fmt.Sprintf("addr replace %s/24 dev %s", record.RegionAddress(), nodesBridge),
		fmt.Sprintf("link set %s up", nodesBridge),
		fmt.Sprintf("addr replace %s/24 dev %s", record.HubAddress(), hubEnd),
		fmt.Sprintf("link set %s address %s up", hubEnd, hardware(hubNumber, record.Index+1)),
		"route replace default via " + bed.HubAddress,
	}
	for _, route := range bed.HubRoutes(record.Index) {
		lines = append(lines, fmt.Sprintf("route replace %s via %s", route.Range, route.Via))
	}
	if err := ip(region, lines...); err != nil {
		return fmt.Errorf("cannot make the network of bed %s: %w", b.Name, err)
	}
	return nil
}

func makeHub() error {
	if linkExists(bed.Hub) {
		return nil
	}
	lines := []string{
		fmt.Sprintf("link add %s address %s type bridge", bed.Hub, hardware(hubNumber, 0)),
		fmt.Sprintf("addr add %s/24 dev %s", bed.HubAddress, bed.Hub),
		fmt.Sprintf("link set %s up", bed.Hub),
	}
	if err := ip(Space{}, lines...); err != nil {
		return fmt.Errorf("cannot make the bridge of all beds: %w", err)
	}
	return nil
}

// removeRegion takes a bed's link to the hub away, and the hub with the last link.
func removeRegion(b *bed.Bed, record *bed.Record) error {
	if !slices.Contains(record.Things, bed.Thing{Kind: bed.Link, Name: record.HubLink()}) {
		return nil
	}
	return bed.Locked(rootOf(b), func() error {
		if linkExists(record.HubLink()) {
			if err := ip(Space{}, "link del "+record.HubLink()); err != nil && linkExists(record.HubLink()) {
				return err
			}
		}
		if !linkExists(bed.Hub) {
			return restoreLimits(rootOf(b))
		}
		for _, route := range []string{record.RegionRange(), record.PodRange()} {
			// A machine whose link went before its route was made has none.
			_ = ip(Space{}, "route del "+route)
		}
		ports, err := os.ReadDir("/sys/class/net/" + bed.Hub + "/brif")
		if err != nil {
			return fmt.Errorf("cannot list the ports of %s: %w", bed.Hub, err)
		}
		if len(ports) > 0 {
			return nil
		}
		return errors.Join(ip(Space{}, "link del "+bed.Hub), restoreLimits(rootOf(b)))
	})
}

// MakeNodeNetwork makes a node's network namespace, with a link to its region, and routes the node's pods to it.
func MakeNodeNetwork(b *bed.Bed, record *bed.Record, node bed.Node) error {
	if err := MakeNamespace(b, node.Namespace, node.Name); err != nil {
		return err
	}
	region, inside := Region(b, record), Space{Net: NamespaceFile(b, node.Namespace)}
	if err := errors.Join(forward(inside), filterBridged(inside)); err != nil {
		return fmt.Errorf("cannot make the network of node %s: %w", node.Name, err)
	}
	port := NodePort(node)
	err := ip(region,
		fmt.Sprintf("link add %s type veth peer name eth0 netns %s", port, inside.Net),
		fmt.Sprintf("link set %s master %s up", port, nodesBridge),
		fmt.Sprintf("route replace %s via %s", node.PodRange, node.Address))
	if err == nil {
		err = ip(inside,
			fmt.Sprintf("addr replace %s/24 dev eth0", node.Address),
			fmt.Sprintf("link set eth0 address %s up", hardware(record.Index, node.Index)),
			"route replace default via "+record.RegionAddress())
	}
	if err != nil {
		return fmt.Errorf("cannot make the network of node %s: %w", node.Name, err)
	}
	return nil
}

// hubNumber stands for the hub where regions have their index.
const hubNumber = 255

// hardware is the hardware address of a place in the network: the same for whoever is there. Were it drawn anew each
// time, who has seen the last one there would go on sending to it for half a minute; and a bridge would change its own
// with each port that comes or goes.
func hardware(network, place int) string {
	return fmt.Sprintf("02:70:74:%02x:%02x:%02x", network, place>>8, place&0xff)
}

// NodePort is the name of a node's port on its region's bridge, within the region.
func NodePort(node bed.Node) string { return fmt.Sprintf("node%d", node.Index) }

// SetNodePort plugs a node's network cable in or out.
func SetNodePort(b *bed.Bed, node bed.Node, plugged Plug) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	return ip(Region(b, &record), fmt.Sprintf("link set %s %s", NodePort(node), plugged))
}

// Plug is the state of a network cable.
type Plug string

const (
	// In is a cable that is plugged in.
	In Plug = "up"
	// Out is a cable that is pulled.
	Out Plug = "down"
)

// forward makes a namespace a router, before it has links, which take over what is default then. It says nothing of
// shorter ways: all nodes of a region stand on one bridge.
func forward(space Space) error {
	settings := [][2]string{
		{"net/ipv4/ip_forward", "1"},
		{"net/ipv4/conf/all/send_redirects", "0"},
		{"net/ipv4/conf/default/send_redirects", "0"},
		{"net/ipv4/conf/all/rp_filter", "0"},
		{"net/ipv4/conf/default/rp_filter", "0"},
	}
	return space.Do(func() error {
		for _, setting := range settings {
			if err := os.WriteFile("/proc/sys/"+setting[0], []byte(setting[1]), 0o644); err != nil {
				return fmt.Errorf("cannot set %s: %w", strings.ReplaceAll(setting[0], "/", "."), err)
			}
		}
		return nil
	})
}

// filterBridged lets the rules of services see what passes from pod to pod over the node's bridge: else the answer of a
// pod that is reached by its service from the same node goes back past the translation.
func filterBridged(space Space) error {
	const setting = "/proc/sys/net/bridge/bridge-nf-call-iptables"
	return space.Do(func() error {
		err := os.WriteFile(setting, []byte("1"), 0o644)
		if errors.Is(err, fs.ErrNotExist) {
			return errors.New("this kernel does not filter bridged packets: modprobe br_netfilter")
		}
		return err
	})
}

// rootOf is the folder of all beds.
func rootOf(b *bed.Bed) string { return filepath.Dir(filepath.Dir(b.Dir)) }

func linkExists(name string) bool {
	_, err := os.Stat("/sys/class/net/" + name)
	return err == nil
}
