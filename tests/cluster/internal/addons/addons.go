// Package addons installs what a cluster needs beside its control plane and nodes: a name service and a storage class.
//
// The name service is a real CoreDNS as a Deployment, reached through its service at the tenth service address, as on
// every cluster that kubeadm makes. NetworkPolicy is not enforced: the bridge plugin of CNI does not know it.
package addons

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"periplus.dev/testbed/internal/api"
	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/image"
	"periplus.dev/testbed/internal/plane"
)

// manifest is JSON documents one after another.
//
//go:embed addons.json
var manifest string

// Apply installs the addons, or brings them to what this program holds. It does not wait for them.
func Apply(ctx context.Context, b *bed.Bed) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	client, err := plane.Client(b)
	if err != nil {
		return err
	}
	text := strings.NewReplacer("{dns}", record.DNSAddress(), "{domain}", bed.Domain, "{coredns}", image.CoreDNS).
		Replace(manifest)
	documents := json.NewDecoder(strings.NewReader(text))
	for {
		var document json.RawMessage
		if err := documents.Decode(&document); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("cannot read the addons: %w", err)
		}
		if err := apply(ctx, client, document); err != nil {
			return err
		}
	}
}

// object is what an object's path follows from.
type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
}

// resources are the kinds used here with their names in paths.
var resources = map[string]string{
	"ServiceAccount":     "serviceaccounts",
	"ConfigMap":          "configmaps",
	"Service":            "services",
	"Deployment":         "deployments",
	"ClusterRole":        "clusterroles",
	"ClusterRoleBinding": "clusterrolebindings",
	"StorageClass":       "storageclasses",
}

func (o *object) path() (string, error) {
	resource, known := resources[o.Kind]
	if !known {
		return "", fmt.Errorf("unknown kind of addon %q", o.Kind)
	}
	base := "/apis/" + o.APIVersion
	if o.APIVersion == "v1" {
		base = "/api/v1"
	}
	if o.Metadata.Namespace != "" {
		base += "/namespaces/" + o.Metadata.Namespace
	}
	return base + "/" + resource + "/" + o.Metadata.Name, nil
}

func apply(ctx context.Context, client *api.Client, document json.RawMessage) error {
	var one object
	if err := json.Unmarshal(document, &one); err != nil {
		return fmt.Errorf("cannot read an addon: %w", err)
	}
	path, err := one.path()
	if err != nil {
		return err
	}
	_, err = client.Do(ctx, http.MethodPatch, path+"?fieldManager=testbed&force=true", document,
		"application/apply-patch+yaml")
	if err != nil {
		return fmt.Errorf("cannot apply %s %s: %w", one.Kind, one.Metadata.Name, err)
	}
	return nil
}

// WaitReady returns when the cluster's name service answers on a node.
func WaitReady(ctx context.Context, client *api.Client) error {
	const path = "/apis/apps/v1/namespaces/kube-system/deployments?fieldSelector=metadata.name%3Dcoredns"
	err := client.Watch(ctx, path, func(event api.Event) (bool, error) {
		if event.Type == "RESET" {
			return false, nil
		}
		var deployment struct {
			Status struct {
				AvailableReplicas int `json:"availableReplicas"`
			} `json:"status"`
		}
		if err := json.Unmarshal(event.Object, &deployment); err != nil {
			return false, fmt.Errorf("cannot read a deployment: %w", err)
		}
		return deployment.Status.AvailableReplicas > 0, nil
	})
	if err != nil {
		return fmt.Errorf("the cluster's name service is not available: %w", err)
	}
	return nil
}
