package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"periplus.dev/testbed/internal/binaries"
)

// build makes every program, so that no `up` has to.
func build(ctx context.Context, args []string) error {
	set := flags("build")
	var versions []string
	set.Func("version", "a minor version of Kubernetes, may be repeated (all)", func(text string) error {
		if !slices.Contains(binaries.Versions(), text) {
			return fmt.Errorf("there is %s", strings.Join(binaries.Versions(), " and "))
		}
		versions = append(versions, text)
		return nil
	})
	output := outputFlag(set)
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("build takes no names: %s", strings.Join(rest, " "))
	}
	cache, err := binaries.Default(say)
	if err != nil {
		return err
	}
	for i := range binaries.Builds {
		build := &binaries.Builds[i]
		minor, isKubernetes := strings.CutPrefix(build.Name, "kubernetes-")
		if isKubernetes && len(versions) > 0 && !slices.Contains(versions, minor) {
			continue
		}
		if _, err := cache.Ensure(ctx, build); err != nil {
			return err
		}
	}
	reports, err := cache.Reports()
	if err != nil {
		return err
	}
	if *output == "json" {
		return printJSON(reports)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BUILD\tVERSION\tTOOK\tCPU TIME\tSIZES")
	for _, report := range reports {
		fmt.Fprintf(table, "%s\t%s\t%.0f s\t%.0f s\t%s\n", report.Name, report.Version, report.Seconds,
			report.CPUSeconds, binaries.Sizes(report.Bytes))
	}
	return table.Flush()
}

func printJSON(value any) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
