package main

import (
	"context"
	"path/filepath"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/binaries"
	nodes "periplus.dev/testbed/internal/node"
)

// programsFor finds the programs that a bed needs, and builds those that are not there yet.
func programsFor(ctx context.Context, cache *binaries.Cache, minor string, fakes int) (nodes.Programs, error) {
	var programs nodes.Programs
	needed := map[string]*string{
		"kubernetes": &programs.Kubernetes,
		"containerd": &programs.Containerd,
		"runc":       &programs.Runc,
		"bridge":     &programs.CNI,
		"coredns":    &programs.CoreDNS,
		"pause":      &programs.Pause,
	}
	if fakes > 0 {
		needed["kwok"] = &programs.Kwok
	}
	for program, dir := range needed {
		path, err := cache.Path(ctx, program, minor)
		if err != nil {
			return programs, err
		}
		*dir = filepath.Dir(path)
	}
	return programs, nil
}

// programsOf finds the programs of a bed that exists.
func programsOf(ctx context.Context, b *bed.Bed) (nodes.Programs, error) {
	record, err := b.Read()
	if err != nil {
		return nodes.Programs{}, err
	}
	cache, err := binaries.Default(say)
	if err != nil {
		return nodes.Programs{}, err
	}
	return programsFor(ctx, cache, minorOf(record.Version), record.Fakes)
}
