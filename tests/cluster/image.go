package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/binaries"
	"periplus.dev/testbed/internal/image"
	nodes "periplus.dev/testbed/internal/node"
)

// makeImage makes an image from files of this machine and hands it to the container runtime of every real node of the
// clusters: a test can have any image without a registry.
func makeImage(ctx context.Context, args []string) error {
	set := flags("image")
	img := image.Image{}
	var names, programs []string
	set.StringVar(&img.Name, "tag", "", "the image's whole name, as localhost/web:1; pods need imagePullPolicy Never or IfNotPresent")
	set.Func("file", "SOURCE:PATH[:MODE], a file of this machine and its place in the image, may be repeated", func(text string) error {
		file, err := image.ParseFile(text)
		img.Files = append(img.Files, file)
		return err
	})
	set.Func("program", "NAME:PATH, one of the bed's own programs (kubernetes, kube-state-metrics, …), may be repeated", func(text string) error {
		if program, path, found := strings.Cut(text, ":"); !found || program == "" || !strings.HasPrefix(path, "/") {
			return fmt.Errorf("write NAME:PATH, the path absolute")
		}
		programs = append(programs, text)
		return nil
	})
	set.Func("link", "PATH:TARGET, a symbolic link in the image, may be repeated", func(text string) error {
		path, target, found := strings.Cut(text, ":")
		if !found || !strings.HasPrefix(path, "/") || target == "" {
			return fmt.Errorf("write PATH:TARGET, the path absolute")
		}
		img.Files = append(img.Files, image.File{Path: path, Target: target})
		return nil
	})
	set.Func("entrypoint", "one word of the entry point, may be repeated", func(text string) error {
		img.Entrypoint = append(img.Entrypoint, text)
		return nil
	})
	set.StringVar(&img.User, "user", "", "the user, as 65532:65532")
	set.Func("name", "a cluster, may be repeated (all)", func(text string) error {
		names = append(names, text)
		return nil
	})
	rest, err := parse(set, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("files are given with --file: %s", strings.Join(rest, " "))
	}
	if img.Name == "" || len(img.Files)+len(programs) == 0 {
		return usagef("an image needs --tag and at least one --file or --program")
	}
	beds, err := named(names)
	if err != nil {
		return err
	}
	for _, b := range beds {
		if err := giveImage(ctx, b, img, programs); err != nil {
			return err
		}
	}
	return nil
}

// giveImage makes the image for one bed, whose version decides which Kubernetes is in it, and imports it everywhere.
func giveImage(ctx context.Context, b *bed.Bed, img image.Image, programs []string) error {
	record, err := b.Read()
	if err != nil {
		return err
	}
	cache, err := binaries.Default(say)
	if err != nil {
		return err
	}
	for _, text := range programs {
		program, path, _ := strings.Cut(text, ":")
		source, err := cache.Path(ctx, program, minorOf(record.Version))
		if err != nil {
			return err
		}
		img.Files = append(img.Files, image.File{Path: path, Source: source})
	}
	archive := filepath.Join(b.Dir, "images", strings.NewReplacer("/", "-", ":", "-").Replace(img.Name)+".tar")
	if err := image.Write(ctx, img, archive); err != nil {
		return err
	}
	var work []func(context.Context) error
	for _, node := range record.Nodes {
		if node.Stopped {
			continue
		}
		work = append(work, func(ctx context.Context) error { return nodes.Import(ctx, b, node, archive) })
	}
	if err := together(ctx, work...); err != nil {
		return err
	}
	say("image %s is on %d nodes of %s", img.Name, len(work), b.Name)
	return nil
}
