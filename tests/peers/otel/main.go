// Otelsend measures a little with the OpenTelemetry SDK and sends it as applications do: through the SDK's own OTLP
// exporters, which the usual variables OTEL_EXPORTER_OTLP_… tell where to and how. It sends twice and ends.
//
//	otelsend http|grpc SERVICE
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	api "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
)

// patience bounds the whole program.
const patience = 20 * time.Second

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: otelsend http|grpc SERVICE")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, protocol, service string) error {
	exporter, err := newExporter(ctx, protocol)
	if err != nil {
		return err
	}
	// Sent when it is asked to, and at no other time.
	reader := metric.NewPeriodicReader(exporter, metric.WithInterval(time.Hour))
	provider := metric.NewMeterProvider(
		metric.WithReader(reader),
		metric.WithResource(resource.NewSchemaless(
			attribute.String("service.name", service),
			attribute.String("service.namespace", "shop"),
			attribute.String("service.instance.id", "i-1"),
			attribute.String("k8s.pod.name", "cart-1"),
		)),
		metric.WithView(metric.NewView(
			metric.Instrument{Name: "queue.wait"},
			metric.Stream{Aggregation: metric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}},
		)),
	)
	meter := provider.Meter("periplus.dev/otelsend", api.WithInstrumentationVersion("1.2.3"))
	for round := range 2 {
		if err := measure(ctx, meter, round); err != nil {
			return err
		}
		if err := provider.ForceFlush(ctx); err != nil {
			return fmt.Errorf("round %d is not taken: %w", round, err)
		}
	}
	return provider.Shutdown(ctx)
}

func newExporter(ctx context.Context, protocol string) (metric.Exporter, error) {
	switch protocol {
	case "http":
		return otlpmetrichttp.New(ctx)
	case "grpc":
		return otlpmetricgrpc.New(ctx)
	default:
		return nil, errors.New("the protocol is http or grpc")
	}
}

// measure adds the same in every round, so that totals after two rounds are known.
func measure(ctx context.Context, meter api.Meter, round int) error {
	requests, err1 := meter.Int64Counter("http.requests", api.WithUnit("{request}"), api.WithDescription("Requests taken."))
	bytes, err2 := meter.Float64Counter("http.sent", api.WithUnit("By"))
	open, err3 := meter.Int64UpDownCounter("connections.open")
	load, err4 := meter.Float64Gauge("load.ratio", api.WithUnit("1"))
	latency, err5 := meter.Float64Histogram("http.latency", api.WithUnit("s"),
		api.WithExplicitBucketBoundaries(0.1, 0.5, 1, 5))
	wait, err6 := meter.Float64Histogram("queue.wait", api.WithUnit("ms"))
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return err
	}
	for _, path := range []string{"/cart", "/päge"} {
		of := api.WithAttributes(attribute.String("url.path", path), attribute.Int("http.status", 200))
		requests.Add(ctx, 5, of)
		bytes.Add(ctx, 1024.5, of)
		for _, value := range []float64{0.05, 0.3, 0.7, 7} {
			latency.Record(ctx, value, of)
			wait.Record(ctx, value*1000, of)
		}
	}
	open.Add(ctx, int64(3-round))
	load.Record(ctx, 0.25+float64(round))
	return nil
}
