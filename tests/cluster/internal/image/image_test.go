package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParseFile(t *testing.T) {
	for _, test := range []struct {
		text string
		want File
	}{
		{"target/periplus:/periplus", File{Source: "target/periplus", Path: "/periplus"}},
		{"a:/b:0600", File{Source: "a", Path: "/b", Mode: 0o600}},
	} {
		if got, err := ParseFile(test.text); err != nil || got != test.want {
			t.Errorf("%q: %+v, %v; want %+v", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{"", "a", "a:b", ":/b", "a:/b:9", "a:/b:0600:x"} {
		if got, err := ParseFile(text); err == nil {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

// read reads an archive into its files by name, with the names in order.
func read(t *testing.T, archive io.Reader) ([]string, map[string]string) {
	t.Helper()
	var names []string
	texts := map[string]string{}
	for files := tar.NewReader(archive); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return names, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
		texts[header.Name] = string(text)
		if !header.ModTime.IsZero() && header.ModTime.Unix() != 0 {
			t.Errorf("%s has the time %v", header.Name, header.ModTime)
		}
	}
}

func TestArchive(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "source")
	if err := os.WriteFile(source, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	img := Image{
		Name: "localhost/web:1",
		Files: []File{
			{Path: "/srv/www/index.html", Text: "hello"},
			{Path: "/bin/program", Source: source},
			{Path: "/bin/link", Target: "program"},
			{Path: "/tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777},
		},
		Entrypoint: []string{"/bin/program"},
		User:       "1:1",
	}
	first, second := filepath.Join(dir, "out", "first.tar"), filepath.Join(dir, "out", "second.tar")
	for _, path := range []string{first, second} {
		if err := Write(t.Context(), img, path); err != nil {
			t.Fatal(err)
		}
	}
	one, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, other) {
		t.Error("the same image is not the same bytes")
	}
	if left, err := os.ReadDir(filepath.Dir(first)); err != nil || len(left) != 2 {
		t.Errorf("left beside the images: %v, %v", left, err)
	}
	_, parts := read(t, bytes.NewReader(one))
	var top index
	if err := json.Unmarshal([]byte(parts["index.json"]), &top); err != nil {
		t.Fatal(err)
	}
	if name := top.Manifests[0].Annotations[nameKey]; name != img.Name {
		t.Errorf("named %q", name)
	}
	var inner manifest
	if err := json.Unmarshal([]byte(parts[blobPath(blob{digest: top.Manifests[0].Digest})]), &inner); err != nil {
		t.Fatal(err)
	}
	var values config
	if err := json.Unmarshal([]byte(parts[blobPath(blob{digest: inner.Config.Digest})]), &values); err != nil {
		t.Fatal(err)
	}
	if values.RootFS.DiffIDs[0] != inner.Layers[0].Digest || values.Config.User != "1:1" {
		t.Errorf("configured as %+v", values)
	}
	names, files := read(t, strings.NewReader(parts[blobPath(blob{digest: inner.Layers[0].Digest})]))
	want := []string{"bin/", "bin/link", "bin/program", "srv/", "srv/www/", "srv/www/index.html", "tmp/"}
	if !slices.Equal(names, want) {
		t.Errorf("files %q, want %q", names, want)
	}
	if files["bin/program"] != "content" || files["srv/www/index.html"] != "hello" {
		t.Errorf("contents %q", files)
	}
}

func TestTheSameImageIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "source")
	if err := os.WriteFile(source, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	ensure := func(img Image) string {
		path, err := Ensure(t.Context(), img, filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	img := Image{Name: "localhost/web:1", Files: []File{{Path: "/a", Source: source}}}
	first := ensure(img)
	if again := ensure(img); again != first {
		t.Errorf("made again as %s", again)
	}
	img.User = "1"
	if other := ensure(img); other == first {
		t.Error("another user, the same image")
	}
	img.User = ""
	if err := os.WriteFile(source, []byte("other content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if other := ensure(img); other == first {
		t.Error("another file, the same image")
	}
}

func TestNamesAndFilesThatCannotBe(t *testing.T) {
	to := filepath.Join(t.TempDir(), "image.tar")
	for _, img := range []Image{
		{Name: "web"}, {Name: "localhost/web"},
		{Name: "localhost/web:1", Files: []File{{Path: "/a", Source: "/nowhere"}}},
		{Name: "localhost/web:1", Files: []File{{Path: "/a", Source: t.TempDir()}}},
	} {
		if err := Write(t.Context(), img, to); err == nil {
			t.Errorf("%+v was made", img)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(to)); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A program that needs libraries runs in its image alone: its loader and they are there.
func TestLibrariesComeAlong(t *testing.T) {
	program, err := exec.LookPath("ls")
	if err != nil {
		t.Skip("this machine has no ls")
	}
	loader, err := loaderOf(program)
	if err != nil {
		t.Fatal(err)
	}
	if loader == "" {
		t.Skip("ls is static here")
	}
	files, err := withLibraries([]File{{Path: "/bin/ls", Source: program}})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, file := range files {
		paths = append(paths, file.Path)
	}
	if !slices.Contains(paths, loader) || !slices.ContainsFunc(paths, func(path string) bool {
		return strings.Contains(path, "libc.so")
	}) {
		t.Errorf("files %q", paths)
	}
	if _, err := parseLibraries("x", "\tlibgone.so.1 => not found\n"); err == nil {
		t.Error("a library that is not there was found")
	}
}
