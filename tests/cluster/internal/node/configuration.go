package node

import (
	"fmt"
	"strconv"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/system"
)

// configuration is every file that the parts of a node are configured with, by its path within the node.
func configuration(record *bed.Record, node bed.Node) map[string]string {
	return map[string]string{
		"/etc/hostname":                   node.Name + "\n",
		"/etc/machine-id":                 machineID(node) + "\n",
		"/etc/hosts":                      fmt.Sprintf("127.0.0.1 localhost\n%s %s\n", node.Address, node.Name),
		"/etc/resolv.conf":                "# There is no name service beyond the cluster's own.\n",
		containerdFile:                    containerdConfig(),
		"/etc/cni/net.d/10-pods.conflist": cniConfig(node),
		kubeletFile:                       kubeletConfig(record, node),
		proxyFile:                         proxyConfig(record, node),
	}
}

// containerdConfig: NRI is off as nothing here speaks it; no registry is ever asked.
func containerdConfig() string {
	return fmt.Sprintf(`version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]

[grpc]
  address = %q

[metrics]
  address = "0.0.0.0:1338"

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = %q

[plugins."io.containerd.cri.v1.runtime"]
  # Where this program may not make a process harder to kill, neither may containerd for a pod.
  restrict_oom_score_adj = %t
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = [%q]
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        BinaryName = %q
        SystemdCgroup = false
`, socket, sandbox, !system.CanRaisePriority(), cniDir, runcDir+"/runc")
}

// cniConfig: every address is known to every region, so nothing is translated but host ports.
func cniConfig(node bed.Node) string {
	return fmt.Sprintf(`{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "ranges": [[{"subnet": %q}]],
        "routes": [{"dst": "0.0.0.0/0"}]
      }
    },
    {"type": "portmap", "backend": "nftables", "capabilities": {"portMappings": true}}
  ]
}
`, node.PodRange)
}

// kubeletConfig: the disk is the machine's, which others fill too, so no pod is evicted and no image removed for it.
func kubeletConfig(record *bed.Record, node bed.Node) string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 0.0.0.0
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[1]s/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: %[1]s/kubelet-server.crt
tlsPrivateKeyFile: %[1]s/kubelet-server.key
clusterDNS: [%[2]s]
clusterDomain: %[3]s
containerRuntimeEndpoint: unix://%[4]s
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
resolvConf: /etc/resolv.conf
volumePluginDir: /var/lib/kubelet/volume-plugins
oomScoreAdj: %[5]s
evictionHard: {memory.available: 50Mi, nodefs.available: 0%%, nodefs.inodesFree: 0%%, imagefs.available: 0%%, imagefs.inodesFree: 0%%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
`, credentialsDir, record.DNSAddress(), bed.Domain, socket, priority())
}

// proxyConfig: the limits of connection tracking belong to the machine and are not settable in a namespace.
func proxyConfig(record *bed.Record, node bed.Node) string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
hostnameOverride: %s
clientConnection: {kubeconfig: %s/kube-proxy.conf}
clusterCIDR: %s
detectLocalMode: ClusterCIDR
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
metricsBindAddress: 0.0.0.0:10249
healthzBindAddress: 0.0.0.0:10256
oomScoreAdj: %s
`, node.Name, credentialsDir, record.PodRange(), priority())
}

// priority is how much less likely than others the kubelet and kube-proxy are killed for memory.
func priority() string {
	if system.CanRaisePriority() {
		return strconv.Itoa(-999)
	}
	return "0"
}
