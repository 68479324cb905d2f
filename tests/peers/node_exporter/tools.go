//go:build tools

// Package peers pins the node_exporter that the host collectors are compared with.
package peers

import _ "github.com/prometheus/node_exporter"
