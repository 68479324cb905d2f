package plane

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"periplus.dev/testbed/internal/api"
)

// WaitServiceAccount returns when the namespace `default` has its service account: before, no pod is admitted to it.
func WaitServiceAccount(ctx context.Context, client *api.Client) error {
	path := "/api/v1/namespaces/default/serviceaccounts?fieldSelector=metadata.name%3Ddefault"
	err := client.Watch(ctx, path, func(event api.Event) (bool, error) {
		return event.Type == "ADDED", nil
	})
	if err != nil {
		return fmt.Errorf("the controllers did not make the service account of namespace default: %w", err)
	}
	return nil
}

// WaitKubelet returns when a node's kubelet answers that it is well: what the node's status says may be of a kubelet
// before.
func WaitKubelet(ctx context.Context, client *api.Client, name string) error {
	for {
		_, err := client.Do(ctx, http.MethodGet, "/api/v1/nodes/"+name+"/proxy/healthz", nil, "")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the kubelet of node %s does not answer: %w", name, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Sign is what a node is believed by that it is back.
type Sign struct {
	// Since is the moment from which on its kubelet must have been heard; what it said before is not believed.
	Since time.Time
	// BootID is the boot that it must have been heard from; empty for any.
	BootID string
}

// WaitNode returns when a node's kubelet has said that the node is ready.
func WaitNode(ctx context.Context, client *api.Client, name string, sign Sign) error {
	ready, beats := false, false
	// The kubelet writes its status at its start and then only when something changed; its lease tells that it lives.
	// Times in the API are in whole seconds.
	since := sign.Since.Truncate(time.Second)
	path := "/api/v1/nodes?fieldSelector=metadata.name%3D" + name
	err := client.Watch(ctx, path, func(event api.Event) (bool, error) {
		if event.Type != "ADDED" && event.Type != "MODIFIED" {
			return false, nil
		}
		var one node
		if err := json.Unmarshal(event.Object, &one); err != nil {
			return false, fmt.Errorf("cannot read node %s: %w", name, err)
		}
		ready = one.ready()
		beats = !one.heard().Before(since) && (sign.BootID == "" || sign.BootID == one.Status.NodeInfo.BootID)
		return ready && beats, nil
	})
	if err != nil {
		return fmt.Errorf("node %s is not back (ready: %v, heard of: %v): %w", name, ready, beats, err)
	}
	return nil
}
