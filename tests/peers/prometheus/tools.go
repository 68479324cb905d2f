//go:build tools

// Package peers pins the Prometheus that the benchmarks run beside Periplus.
package peers

import (
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/prometheus/prometheus/cmd/promtool"
)
