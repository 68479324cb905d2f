// Package request reads what people ask for on the command line.
package request

import (
	"fmt"
	"strconv"
	"strings"

	"periplus.dev/testbed/internal/bed"
)

// Nodes is how many nodes of each role a cluster shall have.
type Nodes struct{ Real, Fake int }

// maxFake is what one kwok on one small machine can play.
const maxFake = 5000

// ParseNodes reads "real:2,fake:50"; what is not named is none.
func ParseNodes(text string) (Nodes, error) {
	var nodes Nodes
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		role, count, found := strings.Cut(strings.TrimSpace(part), ":")
		number, err := strconv.Atoi(count)
		if !found || err != nil || number < 0 {
			return nodes, fmt.Errorf("cannot read the nodes %q: write them as real:2,fake:50", text)
		}
		if seen[role] {
			return nodes, fmt.Errorf("cannot read the nodes %q: %s is there twice", text, role)
		}
		seen[role] = true
		switch role {
		case string(bed.Real):
			nodes.Real = number
		case string(bed.Fake):
			nodes.Fake = number
		default:
			return nodes, fmt.Errorf("cannot read the nodes %q: %q is neither real nor fake", text, role)
		}
	}
	if nodes.Real > bed.MaxReal {
		return nodes, fmt.Errorf("a cluster has at most %d real nodes, not %d", bed.MaxReal, nodes.Real)
	}
	if nodes.Fake > maxFake {
		return nodes, fmt.Errorf("a cluster has at most %d fake nodes, not %d", maxFake, nodes.Fake)
	}
	return nodes, nil
}

// Version finds the minor version of Kubernetes that is meant among those there are, newest first: "1.36", "v1.36",
// "1.36.3" (the exact release that the minor stands for), or nothing for the newest.
func Version(text string, minors []string, full func(minor string) (string, error)) (minor, release string, err error) {
	wanted := strings.TrimPrefix(text, "v")
	for _, minor := range minors {
		release, err := full(minor)
		if err != nil {
			return "", "", err
		}
		if wanted == "" || wanted == minor || wanted == release {
			return minor, release, nil
		}
	}
	return "", "", fmt.Errorf("there is no Kubernetes %s here; there is %s", text, strings.Join(minors, " and "))
}
