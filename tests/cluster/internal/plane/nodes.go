package plane

import (
	"encoding/json"
	"fmt"
	"time"

	"periplus.dev/testbed/internal/api"
)

// nodes is which nodes there are, and whether each is ready.
type nodes map[string]bool

type node struct {
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Taints []struct {
			Key string `json:"key"`
		} `json:"taints"`
	} `json:"spec"`
	Status struct {
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
			// LastHeartbeatTime is when the kubelet last said so.
			LastHeartbeatTime time.Time `json:"lastHeartbeatTime"`
		} `json:"conditions"`
		NodeInfo struct {
			BootID string `json:"bootID"`
		} `json:"nodeInfo"`
	} `json:"status"`
}

// ready says whether pods are put on the node: it says so itself, and the control plane has heard it, which takes the
// taint away that a new node has.
func (n *node) ready() bool {
	for _, taint := range n.Spec.Taints {
		if taint.Key == "node.kubernetes.io/not-ready" || taint.Key == "node.kubernetes.io/unreachable" {
			return false
		}
	}
	for _, condition := range n.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True"
		}
	}
	return false
}

// heard is when the node's kubelet last said how the node is.
func (n *node) heard() time.Time {
	for _, condition := range n.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.LastHeartbeatTime
		}
	}
	return time.Time{}
}

func (n nodes) see(event api.Event) error {
	if event.Type == "RESET" {
		clear(n)
		return nil
	}
	var one node
	if err := json.Unmarshal(event.Object, &one); err != nil {
		return fmt.Errorf("cannot read a node: %w", err)
	}
	if event.Type == "DELETED" {
		delete(n, one.Metadata.Name)
	} else {
		n[one.Metadata.Name] = one.ready()
	}
	return nil
}

func (n nodes) list(text []byte) error {
	var list struct {
		Items []node `json:"items"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("cannot read the nodes: %w", err)
	}
	for _, one := range list.Items {
		n[one.Metadata.Name] = one.ready()
	}
	return nil
}

func (n nodes) ready() int {
	count := 0
	for _, ready := range n {
		if ready {
			count++
		}
	}
	return count
}
