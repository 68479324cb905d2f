package addons

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestEveryAddonHasAPath(t *testing.T) {
	want := []string{
		"/api/v1/namespaces/kube-system/serviceaccounts/coredns",
		"/apis/rbac.authorization.k8s.io/v1/clusterroles/system:coredns",
		"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:coredns",
		"/api/v1/namespaces/kube-system/configmaps/coredns",
		"/api/v1/namespaces/kube-system/services/kube-dns",
		"/apis/apps/v1/namespaces/kube-system/deployments/coredns",
		"/apis/storage.k8s.io/v1/storageclasses/node-folder",
	}
	documents := json.NewDecoder(strings.NewReader(manifest))
	for number := 0; ; number++ {
		var one object
		err := documents.Decode(&one)
		if errors.Is(err, io.EOF) {
			if number != len(want) {
				t.Errorf("%d addons, want %d", number, len(want))
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		path, err := one.path()
		if err != nil {
			t.Fatal(err)
		}
		if number < len(want) && path != want[number] {
			t.Errorf("path %q, want %q", path, want[number])
		}
	}
}
