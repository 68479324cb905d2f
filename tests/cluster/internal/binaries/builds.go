package binaries

import "strings"

// Build is one module below tests/cluster/modules with what is built from it in one go.
type Build struct {
	// Name is the module's folder.
	Name string
	// Module is the module whose version in go.mod is the version of what is built; empty for source of our own.
	Module string
	// Programs are the packages by the name of the program each becomes.
	Programs []Program
	// Links are further names of the first program, which acts by the name it is called by.
	Links []string
	// Tags are the build tags.
	Tags []string
	// Stamp is the linker's -X arguments; {version}, {major} and {minor} stand for those of Module.
	Stamp []string
	// CGO is true for what needs a C compiler and libraries.
	CGO bool
}

// Program is a main package and the name of the file it becomes.
type Program struct {
	Name    string
	Package string
}

// kubernetes is the multi-call binary of one minor version.
func kubernetes(minor string) Build {
	var stamp []string
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		stamp = append(stamp, pkg+".gitVersion=v{version}", pkg+".gitMajor={major}", pkg+".gitMinor={minor}",
			pkg+".gitTreeState=clean")
	}
	return Build{
		Name:     "kubernetes-" + minor,
		Module:   "k8s.io/kubernetes",
		Programs: []Program{{"kubernetes", "."}},
		Links: []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy",
			"kubectl"},
		// Without gRPC's tracing the linker can drop methods that only reflection would call.
		Tags:  []string{"grpcnotrace"},
		Stamp: stamp,
	}
}

// Builds is everything that a bed is made of, the largest last.
var Builds = []Build{
	{
		Name:   "containerd",
		Module: "github.com/containerd/containerd/v2",
		Programs: []Program{
			{"containerd", "github.com/containerd/containerd/v2/cmd/containerd"},
			{"containerd-shim-runc-v2", "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"},
			{"ctr", "github.com/containerd/containerd/v2/cmd/ctr"},
		},
		Tags:  []string{"no_btrfs", "no_devmapper", "no_zfs"},
		Stamp: []string{"github.com/containerd/containerd/v2/version.Version=v{version}"},
	},
	{
		Name:     "runc",
		Module:   "github.com/opencontainers/runc",
		Programs: []Program{{"runc", "github.com/opencontainers/runc"}},
		Tags:     []string{"seccomp"},
		Stamp:    []string{"main.version={version}"},
		CGO:      true,
	},
	{
		Name:     "pause",
		Programs: []Program{{"pause", "."}},
	},
	{
		Name:   "cni",
		Module: "github.com/containernetworking/plugins",
		Programs: []Program{
			{"bridge", "github.com/containernetworking/plugins/plugins/main/bridge"},
			{"loopback", "github.com/containernetworking/plugins/plugins/main/loopback"},
			{"host-local", "github.com/containernetworking/plugins/plugins/ipam/host-local"},
			{"portmap", "github.com/containernetworking/plugins/plugins/meta/portmap"},
		},
		Stamp: []string{"github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=v{version}"},
	},
	{
		Name:     "coredns",
		Module:   "github.com/coredns/coredns",
		Programs: []Program{{"coredns", "github.com/coredns/coredns"}},
	},
	{
		Name:     "kwok",
		Module:   "sigs.k8s.io/kwok",
		Programs: []Program{{"kwok", "sigs.k8s.io/kwok/cmd/kwok"}},
		Stamp:    []string{"sigs.k8s.io/kwok/pkg/consts.Version=v{version}"},
	},
	{
		Name:     "kube-state-metrics",
		Module:   "k8s.io/kube-state-metrics/v2",
		Programs: []Program{{"kube-state-metrics", "k8s.io/kube-state-metrics/v2"}},
		Stamp:    []string{"github.com/prometheus/common/version.Version=v{version}"},
	},
	kubernetes("1.36"),
	kubernetes("1.35"),
}

// stamp is the linker's flags with the version filled in.
func (b *Build) stamp(version string) string {
	parts := strings.SplitN(version, ".", 3)
	major, minor := parts[0], ""
	if len(parts) > 1 {
		minor = parts[1]
	}
	fill := strings.NewReplacer("{version}", version, "{major}", major, "{minor}", minor)
	flags := []string{"-s", "-w"}
	for _, x := range b.Stamp {
		flags = append(flags, "-X", fill.Replace(x))
	}
	return strings.Join(flags, " ")
}
