package plane

import (
	"fmt"
	"os"
	"path/filepath"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/pki"
)

func (p *Plane) etcdArgs() []string {
	address := p.record.RegionAddress()
	return []string{
		"--name=" + p.record.Name,
		"--data-dir=" + filepath.Join(p.bed.Dir, "etcd"),
		"--listen-client-urls=https://127.0.0.1:2379,https://" + address + ":2379",
		"--advertise-client-urls=https://" + address + ":2379",
		"--listen-peer-urls=https://127.0.0.1:2380",
		"--initial-advertise-peer-urls=https://127.0.0.1:2380",
		"--initial-cluster=" + p.record.Name + "=https://127.0.0.1:2380",
		"--listen-metrics-urls=http://" + address + ":2381",
		"--client-cert-auth=true",
		"--trusted-ca-file=" + p.pki("etcd-ca.crt"),
		"--cert-file=" + p.pki("etcd.crt"),
		"--key-file=" + p.pki("etcd.key"),
		"--peer-client-cert-auth=true",
		"--peer-trusted-ca-file=" + p.pki("etcd-ca.crt"),
		"--peer-cert-file=" + p.pki("etcd.crt"),
		"--peer-key-file=" + p.pki("etcd.key"),
		"--snapshot-count=10000",
	}
}

func (p *Plane) serverArgs() []string {
	r := &p.record
	return []string{
		"--advertise-address=" + r.RegionAddress(),
		"--secure-port=6443",
		"--cert-dir=" + PKI(p.bed),
		"--tls-cert-file=" + p.pki("apiserver.crt"),
		"--tls-private-key-file=" + p.pki("apiserver.key"),
		"--client-ca-file=" + p.pki("ca.crt"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--enable-bootstrap-token-auth=true",
		"--allow-privileged=true",
		"--etcd-servers=https://127.0.0.1:2379",
		"--etcd-cafile=" + p.pki("etcd-ca.crt"),
		"--etcd-certfile=" + p.pki("apiserver-etcd-client.crt"),
		"--etcd-keyfile=" + p.pki("apiserver-etcd-client.key"),
		"--service-cluster-ip-range=" + r.ServiceRange(),
		"--service-account-issuer=https://kubernetes.default.svc." + bed.Domain,
		"--service-account-key-file=" + p.pki("sa.pub"),
		"--service-account-signing-key-file=" + p.pki("sa.key"),
		"--kubelet-certificate-authority=" + p.pki("ca.crt"),
		"--kubelet-client-certificate=" + p.pki("apiserver-kubelet-client.crt"),
		"--kubelet-client-key=" + p.pki("apiserver-kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file=" + p.pki("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + p.pki("front-proxy-client.crt"),
		"--proxy-client-key-file=" + p.pki("front-proxy-client.key"),
		// The control plane has no kube-proxy: what it calls behind a service it calls at the pods' addresses.
		"--enable-aggregator-routing=true",
	}
}

func (p *Plane) controllersArgs() []string {
	kubeconfig := filepath.Join(p.bed.Dir, "controller-manager.kubeconfig")
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=0.0.0.0",
		"--tls-cert-file=" + p.pki("controller-manager.crt"),
		"--tls-private-key-file=" + p.pki("controller-manager.key"),
		"--leader-elect=false",
		"--controllers=*,bootstrapsigner,tokencleaner",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + p.pki("sa.key"),
		"--root-ca-file=" + p.pki("ca.crt"),
		"--cluster-name=" + p.record.Name,
		"--cluster-signing-cert-file=" + p.pki("ca.crt"),
		"--cluster-signing-key-file=" + p.pki("ca.key"),
		"--requestheader-client-ca-file=" + p.pki("front-proxy-ca.crt"),
		"--service-cluster-ip-range=" + p.record.ServiceRange(),
		// It begins with some hundred requests, one controller after another, and looks at the nodes' taints once in a
		// period: at its own pace the first pod of a cluster starts seven seconds later.
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		"--node-monitor-period=1s",
		// The address plan gives each real node its range; kwok gives its pods theirs.
		"--allocate-node-cidrs=false",
	}
}

func (p *Plane) schedulerArgs() []string {
	kubeconfig := filepath.Join(p.bed.Dir, "scheduler.kubeconfig")
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=0.0.0.0",
		"--tls-cert-file=" + p.pki("scheduler.crt"),
		"--tls-private-key-file=" + p.pki("scheduler.key"),
		"--leader-elect=false",
	}
}

func (p *Plane) pki(file string) string { return filepath.Join(PKI(p.bed), file) }

// writeKubeconfig writes a kubeconfig that holds its certificates itself, so that it can be copied anywhere.
func (p *Plane) writeKubeconfig(path, user string, pair pki.Pair) error {
	text, err := kubeconfig(p.record.Name, Address(&p.record), user, p.pki("ca.crt"), pair)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("cannot write the kubeconfig of %s: %w", user, err)
	}
	return nil
}
