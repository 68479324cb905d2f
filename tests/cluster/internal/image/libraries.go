package image

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// withLibraries adds to the programs among the files the loader and the libraries that they need, at the paths at
// which the loader of this machine finds them: a program that runs here runs in the image.
func withLibraries(files []File) ([]File, error) {
	all := files
	for _, file := range files {
		if file.Source == "" {
			continue
		}
		loader, err := loaderOf(file.Source)
		if err != nil {
			return nil, err
		}
		if loader == "" {
			continue
		}
		libraries, err := librariesOf(loader, file.Source)
		if err != nil {
			return nil, err
		}
		for _, library := range append(libraries, loader) {
			all = append(all, File{Path: library, Source: library})
		}
	}
	return all, nil
}

// loaderOf is the program that loads a program's libraries; empty for what is no program, or needs none.
func loaderOf(source string) (string, error) {
	file, err := elf.Open(source)
	var notELF *elf.FormatError
	if errors.As(err, &notELF) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", source, err)
	}
	defer file.Close()
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			text, err := io.ReadAll(segment.Open())
			if err != nil {
				return "", fmt.Errorf("cannot read the loader of %s: %w", source, err)
			}
			return strings.TrimRight(string(text), "\x00"), nil
		}
	}
	return "", nil
}

// librariesOf asks the loader which libraries it would load, and from where.
func librariesOf(loader, source string) ([]string, error) {
	output, err := exec.Command(loader, "--list", source).Output()
	if err != nil {
		return nil, fmt.Errorf("cannot list the libraries of %s: %w", source, err)
	}
	return parseLibraries(source, string(output))
}

// parseLibraries reads lines like "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f…)". Those without an arrow
// are the kernel's and the loader itself.
func parseLibraries(source, output string) ([]string, error) {
	var libraries []string
	for line := range strings.Lines(output) {
		name, place, found := strings.Cut(line, "=>")
		if !found {
			continue
		}
		fields := strings.Fields(place)
		if len(fields) == 0 || !strings.HasPrefix(fields[0], "/") {
			return nil, fmt.Errorf("%s needs %s, which this machine does not have", source, strings.TrimSpace(name))
		}
		libraries = append(libraries, fields[0])
	}
	return libraries, nil
}
