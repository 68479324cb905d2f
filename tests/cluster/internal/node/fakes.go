package node

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	_ "embed"

	"periplus.dev/testbed/internal/api"
	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/plane"
	"periplus.dev/testbed/internal/system"
)

// kwokConfig says to kwok what becomes of a node and of a pod on it, and when.
//
//go:embed kwok.yaml
var kwokConfig []byte

// FakeLabel is the label of the nodes that kwok plays; FakeTaint keeps pods off that do not ask for them.
const (
	FakeLabel = "testbed.periplus.dev/fake"
	FakeTaint = "testbed.periplus.dev/fake"
)

// leaseSeconds is how long the control plane waits for a sign of life of a fake node.
const leaseSeconds = 40

// kwokPort is where kwok answers for its nodes' kubelets, and shows its own metrics.
const kwokPort = 10247

// atOnce is how many nodes are made at the same time.
const atOnce = 16

// StartFakes makes the bed's nodes that have nothing behind them, fake-0, fake-1 and so on, and starts kwok, which
// plays their kubelets: it renews their leases and lets the pods on them run, in name.
func StartFakes(ctx context.Context, b *bed.Bed, programs Programs) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	config := filepath.Join(b.Dir, "kwok.yaml")
	if err := os.WriteFile(config, kwokConfig, 0o644); err != nil {
		return fmt.Errorf("cannot write the configuration of kwok: %w", err)
	}
	if before, found := record.Process("kwok"); !found || !system.Alive(before) {
		_, err = system.Start(b, bed.Process{
			Name:      "kwok",
			Namespace: record.Region(),
			Path:      filepath.Join(programs.Kwok, "kwok"),
			Args: []string{
				"--kubeconfig=" + filepath.Join(b.Dir, "kwok.kubeconfig"),
				"--config=" + config,
				"--manage-all-nodes=false",
				"--manage-nodes-with-label-selector=" + FakeLabel + "=true",
				"--node-lease-duration-seconds=" + strconv.Itoa(leaseSeconds),
				"--cidr=" + record.FakePodRange(),
				"--node-ip=" + record.RegionAddress(),
				"--node-port=" + strconv.Itoa(kwokPort),
				"--tls-cert-file=" + filepath.Join(plane.PKI(b), "kwok.crt"),
				"--tls-private-key-file=" + filepath.Join(plane.PKI(b), "kwok.key"),
			},
			Dir: b.Dir,
			Log: logFile(b, "kwok"),
		})
		if err != nil {
			return err
		}
	}
	client, err := plane.Client(b)
	if err != nil {
		return err
	}
	return makeFakes(ctx, client, &record)
}

func makeFakes(ctx context.Context, client *api.Client, record *bed.Record) error {
	making, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	numbers := make(chan int)
	var makers sync.WaitGroup
	for range atOnce {
		makers.Go(func() {
			for number := range numbers {
				if err := makeFake(making, client, record, number); err != nil {
					cancel(err)
				}
			}
		})
	}
	for number := range record.Fakes {
		numbers <- number
	}
	close(numbers)
	makers.Wait()
	return context.Cause(making)
}

func makeFake(ctx context.Context, client *api.Client, record *bed.Record, number int) error {
	name := fmt.Sprintf("fake-%d", number)
	// Applied, so that a second attempt finds no fault with the first.
	node := fmt.Appendf(nil, `{
  "apiVersion": "v1",
  "kind": "Node",
  "metadata": {
    "name": %[1]q,
    "labels": {
      %[2]q: "true",
      "kubernetes.io/hostname": %[1]q, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"
    }
  },
  "spec": {"taints": [{"key": %[3]q, "value": "true", "effect": "NoSchedule"}]}
}`, name, FakeLabel, FakeTaint)
	path := "/api/v1/nodes/" + name + "?fieldManager=testbed&force=true"
	if _, err := client.Do(ctx, http.MethodPatch, path, node, "application/apply-patch+yaml"); err != nil {
		return fmt.Errorf("cannot make node %s of bed %s: %w", name, record.Name, err)
	}
	return nil
}
