package plane

import (
	"context"
	"encoding/json"
	"fmt"
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

// WaitNode returns when a node's kubelet has said that the node is ready since a moment: what it said before is not
// believed.
func WaitNode(ctx context.Context, client *api.Client, name string, since time.Time) error {
	ready, beats := false, false
	// The kubelet writes its status at its start and then only when something changed; its lease tells that it lives.
	// Times in the API are in whole seconds.
	since = since.Truncate(time.Second)
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
		beats = !one.heard().Before(since)
		return ready && beats, nil
	})
	if err != nil {
		return fmt.Errorf("node %s is not back (ready: %v, heard of: %v): %w", name, ready, beats, err)
	}
	return nil
}
