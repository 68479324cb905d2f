// Package image makes container images from files of this machine, without a registry, a daemon or a Dockerfile: one
// layer, in an archive in the layout of the Open Container Initiative, which `ctr images import` takes.
//
// The same files make the same bytes: no time, no owner and no order of the machine gets into an image.
package image

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
)

// Image says what an image holds.
type Image struct {
	// Name is the full reference, as "localhost/web:1". Nothing is ever pulled from localhost, so a pod that names an
	// image which was not imported says so at once.
	Name  string
	Files []File
	// Entrypoint, Command, Env, User and Folder are what they are for every container image.
	Entrypoint []string
	Command    []string
	Env        []string
	User       string
	Folder     string
}

// File is a file of an image: a copy of one of the machine's, a text, a link, or a folder.
type File struct {
	// Path is where it is in the image, absolute.
	Path string
	// Source is the file of the machine that is copied. A link is followed.
	Source string
	// Text is the content if there is no Source and no Target.
	Text string
	// Target is what a symbolic link points to.
	Target string
	// Mode is the permissions; 0 for 0755, or with Text 0644. With fs.ModeDir it is a folder.
	Mode fs.FileMode
}

// ParseFile reads "SOURCE:PATH" or "SOURCE:PATH:MODE" with an octal mode.
func ParseFile(text string) (File, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 || parts[0] == "" || !path.IsAbs(parts[1]) {
		return File{}, fmt.Errorf("cannot read the file %q: write SOURCE:PATH or SOURCE:PATH:MODE, the path absolute", text)
	}
	file := File{Source: parts[0], Path: parts[1]}
	if len(parts) == 3 {
		mode, err := strconv.ParseUint(parts[2], 8, 12)
		if err != nil {
			return File{}, fmt.Errorf("cannot read the mode of %q: write it in octal, as 0755", text)
		}
		file.Mode = fs.FileMode(mode)
	}
	return file, nil
}

// Ensure makes the archive of an image in a folder, unless the archive of the same image of the same files is there, and
// returns its path.
func Ensure(ctx context.Context, img Image, dir string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d %q %+v %s", format, img.Name, img, runtime.GOARCH)
	for _, file := range img.Files {
		if file.Source == "" {
			continue
		}
		info, err := os.Stat(file.Source)
		if err != nil {
			return "", fmt.Errorf("cannot make image %s: %w", img.Name, err)
		}
		fmt.Fprintf(sum, " %d %d", info.Size(), info.ModTime().UnixNano())
	}
	to := filepath.Join(dir, "image-"+hex.EncodeToString(sum.Sum(nil))[:16]+".tar")
	if _, err := os.Stat(to); err == nil {
		return to, nil
	}
	return to, Write(ctx, img, to)
}

// format is raised when this package makes other archives of the same images.
const format = 1

// Write makes the archive of an image at a path, beside it first and then in one rename.
func Write(ctx context.Context, img Image, to string) error {
	if !strings.Contains(img.Name, "/") || !strings.Contains(path.Base(img.Name), ":") {
		return fmt.Errorf("cannot name an image %q: write the whole reference, as localhost/web:1", img.Name)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("cannot make the folder of image %s: %w", img.Name, err)
	}
	layer, err := os.CreateTemp(filepath.Dir(to), ".layer-")
	if err != nil {
		return fmt.Errorf("cannot make image %s: %w", img.Name, err)
	}
	defer os.Remove(layer.Name())
	defer layer.Close()
	next, err := os.CreateTemp(filepath.Dir(to), ".image-")
	if err != nil {
		return fmt.Errorf("cannot make image %s: %w", img.Name, err)
	}
	defer os.Remove(next.Name())
	defer next.Close()
	digest, size, err := writeLayer(ctx, layer, img.Files)
	if err == nil {
		_, err = layer.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = writeArchive(next, img, blob{digest: digest, size: size, content: layer})
	}
	if err == nil {
		err = os.Rename(next.Name(), to)
	}
	if err != nil {
		return fmt.Errorf("cannot make image %s: %w", img.Name, err)
	}
	return nil
}

// writeLayer writes the files as the one layer and returns its digest and size.
func writeLayer(ctx context.Context, to io.Writer, files []File) (string, int64, error) {
	all, err := withLibraries(files)
	if err != nil {
		return "", 0, err
	}
	all = withFolders(all)
	sum := sha256.New()
	count := &counter{}
	archive := tar.NewWriter(io.MultiWriter(to, sum, count))
	for _, file := range all {
		if err := writeFile(archive, file); err != nil {
			return "", 0, fmt.Errorf("file %s: %w", file.Path, err)
		}
		if ctx.Err() != nil {
			return "", 0, context.Cause(ctx)
		}
	}
	if err := archive.Close(); err != nil {
		return "", 0, err
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), count.bytes, nil
}

// withFolders sorts the files by their paths, with the folders they are in before them, each path once; of two with
// one path the later counts.
func withFolders(files []File) []File {
	byPath := map[string]File{}
	for _, file := range files {
		file.Path = path.Clean(file.Path)
		byPath[file.Path] = file
	}
	for name := range byPath {
		for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
			if _, found := byPath[dir]; !found {
				byPath[dir] = File{Path: dir, Mode: fs.ModeDir | 0o755}
			}
		}
	}
	delete(byPath, "/")
	all := make([]File, 0, len(byPath))
	for _, file := range byPath {
		all = append(all, file)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Path < all[j].Path })
	return all
}

func writeFile(archive *tar.Writer, file File) error {
	header := &tar.Header{Name: strings.TrimPrefix(file.Path, "/"), Format: tar.FormatPAX}
	switch {
	case file.Mode.IsDir():
		header.Typeflag, header.Name, header.Mode = tar.TypeDir, header.Name+"/", permissions(file.Mode)
		return archive.WriteHeader(header)
	case file.Target != "":
		header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, file.Target, 0o777
		return archive.WriteHeader(header)
	case file.Source == "":
		header.Typeflag, header.Size, header.Mode = tar.TypeReg, int64(len(file.Text)), 0o644
		if file.Mode != 0 {
			header.Mode = permissions(file.Mode)
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err := io.WriteString(archive, file.Text)
		return err
	}
	source, err := os.Open(file.Source)
	if err != nil {
		return err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file; name the files in it one by one", file.Source)
	}
	header.Typeflag, header.Size, header.Mode = tar.TypeReg, info.Size(), 0o755
	if file.Mode != 0 {
		header.Mode = permissions(file.Mode)
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, source)
	return err
}

// permissions is a mode as tar writes it; the sticky bit of /tmp is not where Go keeps it.
func permissions(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

type counter struct{ bytes int64 }

func (c *counter) Write(data []byte) (int, error) {
	c.bytes += int64(len(data))
	return len(data), nil
}

// blob is a part of the archive that is found by its digest.
type blob struct {
	digest  string
	size    int64
	content io.Reader
}

func jsonBlob(value any) (blob, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return blob{}, err
	}
	sum := sha256.Sum256(text)
	return blob{"sha256:" + hex.EncodeToString(sum[:]), int64(len(text)), bytes.NewReader(text)}, nil
}

// The media types and forms of the image specification, github.com/opencontainers/image-spec, version 1.
const (
	layerType    = "application/vnd.oci.image.layer.v1.tar"
	configType   = "application/vnd.oci.image.config.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
	// nameKey is the annotation that containerd takes an image's name from.
	nameKey = "io.containerd.image.name"
)

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Platform    *platform         `json:"platform,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

type config struct {
	platform
	Config configValues `json:"config"`
	RootFS rootFS       `json:"rootfs"`
}

type configValues struct {
	User       string   `json:"User,omitempty"`
	Env        []string `json:"Env,omitempty"`
	Entrypoint []string `json:"Entrypoint,omitempty"`
	Cmd        []string `json:"Cmd,omitempty"`
	WorkingDir string   `json:"WorkingDir,omitempty"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

func (b blob) describe(mediaType string) descriptor {
	return descriptor{MediaType: mediaType, Digest: b.digest, Size: b.size}
}

func writeArchive(to io.Writer, img Image, layer blob) error {
	here := platform{runtime.GOARCH, "linux"}
	env := img.Env
	if len(env) == 0 {
		env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	configBlob, err := jsonBlob(config{
		platform: here,
		Config: configValues{User: img.User, Env: env, Entrypoint: img.Entrypoint, Cmd: img.Command,
			WorkingDir: img.Folder},
		RootFS: rootFS{"layers", []string{layer.digest}},
	})
	if err != nil {
		return err
	}
	manifestBlob, err := jsonBlob(manifest{2, manifestType, configBlob.describe(configType),
		[]descriptor{layer.describe(layerType)}})
	if err != nil {
		return err
	}
	top := manifestBlob.describe(manifestType)
	top.Annotations = map[string]string{nameKey: img.Name}
	top.Platform = &here
	indexText, err := json.Marshal(index{2, indexType, []descriptor{top}})
	if err != nil {
		return err
	}
	archive := tar.NewWriter(to)
	parts := []struct {
		name    string
		size    int64
		content io.Reader
	}{
		{"oci-layout", int64(len(layout)), strings.NewReader(layout)},
		{"index.json", int64(len(indexText)), bytes.NewReader(indexText)},
		{blobPath(manifestBlob), manifestBlob.size, manifestBlob.content},
		{blobPath(configBlob), configBlob.size, configBlob.content},
		{blobPath(layer), layer.size, layer.content},
	}
	for _, part := range parts {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: part.name, Size: part.size, Mode: 0o644, Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(archive, part.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

const layout = `{"imageLayoutVersion":"1.0.0"}`

func blobPath(b blob) string { return "blobs/" + strings.Replace(b.digest, ":", "/", 1) }
