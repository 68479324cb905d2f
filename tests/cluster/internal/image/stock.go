package image

import (
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
)

// The images that every bed has.
const (
	// Pause is what a pod's sandbox runs.
	Pause = "localhost/pause:1"
	// Busybox has a shell and three hundred small programs: also a web server (httpd) and a client (wget).
	Busybox = "localhost/busybox:1"
	// CoreDNS is the cluster's name service.
	CoreDNS = "localhost/coredns:1"
)

// PauseImage is the image of a sandbox, from the program.
func PauseImage(program string) Image {
	return Image{
		Name:       Pause,
		Files:      []File{{Path: "/pause", Source: program}},
		Entrypoint: []string{"/pause"},
		User:       "65535:65535",
	}
}

// CoreDNSImage is the image of the name service, from the program.
func CoreDNSImage(program string) Image {
	return Image{
		Name:       CoreDNS,
		Files:      []File{{Path: "/coredns", Source: program}},
		Entrypoint: []string{"/coredns"},
		User:       "65532:65532",
	}
}

// BusyboxImage is the image with this machine's busybox, which is static.
func BusyboxImage() (Image, error) {
	program, err := exec.LookPath("busybox")
	if err != nil {
		return Image{}, fmt.Errorf("busybox is missing: install busybox-static: %w", err)
	}
	names, err := exec.Command(program, "--list").Output()
	if err != nil {
		return Image{}, fmt.Errorf("cannot list what %s can do: %w", program, err)
	}
	files := []File{
		{Path: "/bin/busybox", Source: program},
		{Path: "/etc/passwd", Text: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"},
		{Path: "/etc/group", Text: "root:x:0:\nnogroup:x:65534:\n"},
		{Path: "/root", Mode: fs.ModeDir | 0o700},
		{Path: "/tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777},
		{Path: "/usr/bin", Mode: fs.ModeDir | 0o755},
	}
	for name := range strings.FieldsSeq(string(names)) {
		if name != "busybox" {
			files = append(files, File{Path: "/bin/" + name, Target: "busybox"})
		}
	}
	return Image{Name: Busybox, Files: files, Command: []string{"/bin/sh"}}, nil
}
