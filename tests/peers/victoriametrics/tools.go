//go:build tools

// Package peers pins the VictoriaMetrics that the benchmarks run beside Periplus.
package peers

import _ "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics"
