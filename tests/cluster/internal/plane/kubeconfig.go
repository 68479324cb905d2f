package plane

import (
	"encoding/base64"
	"fmt"
	"os"

	"periplus.dev/testbed/internal/pki"
)

// kubeconfig is a kubeconfig of one cluster, one user and one context, which has the cluster's name.
func kubeconfig(cluster, server, user, authorityFile string, pair pki.Pair) ([]byte, error) {
	var data [3]string
	for i, path := range []string{authorityFile, pair.CertFile, pair.KeyFile} {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("cannot read what the kubeconfig of %s is made of: %w", user, err)
		}
		data[i] = base64.StdEncoding.EncodeToString(text)
	}
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: %[1]q
  cluster:
    server: %[2]s
    certificate-authority-data: %[4]s
users:
- name: %[3]q
  user:
    client-certificate-data: %[5]s
    client-key-data: %[6]s
contexts:
- name: %[1]q
  context:
    cluster: %[1]q
    user: %[3]q
current-context: %[1]q
`, cluster, server, user, data[0], data[1], data[2]), nil
}
