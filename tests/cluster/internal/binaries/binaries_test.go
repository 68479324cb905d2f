package binaries

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const helloProgram = `package main

import "fmt"

var version string

func main() { fmt.Println("hello", version) }
`

// hello is a module of one program and a cache that builds it.
func hello(t *testing.T) (*Cache, *Build, *[]string) {
	t.Helper()
	root := t.TempDir()
	module := filepath.Join(root, "modules", "hello")
	if err := os.MkdirAll(module, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": "module hello\n\ngo 1.26.0\n", "main.go": helloProgram} {
		if err := os.WriteFile(filepath.Join(module, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var said []string
	var lock sync.Mutex
	cache := &Cache{Modules: filepath.Join(root, "modules"), Dir: filepath.Join(root, "cache"), Say: func(format string, _ ...any) {
		lock.Lock()
		defer lock.Unlock()
		said = append(said, format)
	}}
	build := &Build{Name: "hello", Programs: []Program{{"hello", "."}}, Links: []string{"hi"}, Stamp: []string{"main.version={version}"}}
	return cache, build, &said
}

func TestABuildIsMadeOnceHoweverManyAskForIt(t *testing.T) {
	cache, build, said := hello(t)
	var wait sync.WaitGroup
	dirs := make([]string, 4)
	for i := range dirs {
		wait.Go(func() {
			var err error
			if dirs[i], err = cache.Ensure(context.Background(), build); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	made := 0
	for _, line := range *said {
		if strings.HasPrefix(line, "building") {
			made++
		}
	}
	if made != 1 {
		t.Errorf("built %d times: %q", made, *said)
	}
	for _, name := range []string{"hello", "hi"} {
		output, err := exec.Command(filepath.Join(dirs[0], name)).Output()
		if err != nil || string(output) != "hello 1\n" {
			t.Errorf("%s says %q, %v", name, output, err)
		}
	}
}

func TestAChangeOfSourceOrFlagsIsAnotherPlace(t *testing.T) {
	cache, build, _ := hello(t)
	place := func() string {
		t.Helper()
		dir, err := cache.place(build, "1")
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	seen := map[string]bool{place(): true}
	if !seen[place()] {
		t.Error("the place changes by itself")
	}
	build.Tags = []string{"seccomp"}
	seen[place()] = true
	build.Stamp = nil
	seen[place()] = true
	if err := os.WriteFile(filepath.Join(cache.Modules, "hello", "go.sum"), []byte("\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	seen[place()] = true
	if len(seen) != 4 {
		t.Errorf("four states of the module have %d places", len(seen))
	}
}

func TestAFailedBuildLeavesNothingThatLooksWhole(t *testing.T) {
	cache, build, _ := hello(t)
	if err := os.WriteFile(filepath.Join(cache.Modules, "hello", "main.go"), []byte("package main\nfunc main() { x }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := cache.Ensure(context.Background(), build); err == nil || !strings.Contains(err.Error(), "undefined: x") {
		t.Errorf("the compiler's words are missing: %v", err)
	}
	if found, err := filepath.Glob(filepath.Join(cache.Dir, "hello-*", reportFile)); len(found) > 0 || err != nil {
		t.Errorf("reported as built: %v %v", found, err)
	}
}

func TestOldBuildsAreDropped(t *testing.T) {
	cache, build, _ := hello(t)
	old := func(name string, age time.Duration) string {
		dir := filepath.Join(cache.Dir, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, reportFile)
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(file, when, when); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	newest := old("hello-0000000000000001", time.Hour)
	second := old("hello-0000000000000002", 2*time.Hour)
	third := old("hello-0000000000000003", 3*time.Hour)
	killed := old("hello-0000000000000009"+unfinished, time.Minute)
	another := old("hello-world-0000000000000004", 9*time.Hour)
	if _, err := cache.Ensure(context.Background(), build); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{newest: true, second: true, third: false, killed: false, another: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", filepath.Base(dir), err == nil, want)
		}
	}
}

func TestWaitingForAnotherBuilderEndsWithTheContext(t *testing.T) {
	cache, build, _ := hello(t)
	if err := os.MkdirAll(cache.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unlock, err := cache.lock(context.Background(), build)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := cache.Ensure(ctx, build); err == nil {
		t.Error("built beside another builder")
	}
}

func TestVersionsAndPrograms(t *testing.T) {
	goMod := "module x\n\nrequire (\n\tk8s.io/kubernetes v1.36.3\n\tk8s.io/kubernetes-extra v9.9.9 // indirect\n)\n"
	if version, err := requiredVersion(goMod, "k8s.io/kubernetes", "x"); err != nil || version != "1.36.3" {
		t.Errorf("%q, %v", version, err)
	}
	if version, err := requiredVersion("require sigs.k8s.io/kwok v0.8.0\n", "sigs.k8s.io/kwok", "x"); err != nil || version != "0.8.0" {
		t.Errorf("%q, %v", version, err)
	}
	if _, err := requiredVersion(goMod, "k8s.io/none", "x"); err == nil {
		t.Error("a module that is not required has a version")
	}
	for _, c := range []struct{ program, version, build string }{
		{"kubelet", "1.35", "kubernetes-1.35"},
		{"etcd", "1.36", "kubernetes-1.36"},
		{"ctr", "", "containerd"},
		{"ctr", "1.35", "containerd"},
		{"kubelet", "1.2", ""},
		{"nothing", "", ""},
	} {
		build, err := Find(c.program, c.version)
		if (err == nil) != (c.build != "") || (err == nil && build.Name != c.build) {
			t.Errorf("Find(%q, %q) = %v, %v", c.program, c.version, build, err)
		}
	}
	build := kubernetes("1.36")
	for _, flag := range []string{"-s", "k8s.io/component-base/version.gitVersion=v1.36.3", "k8s.io/client-go/pkg/version.gitMinor=36"} {
		if !strings.Contains(" "+build.stamp("1.36.3")+" ", " "+flag+" ") {
			t.Errorf("%s is not in %q", flag, build.stamp("1.36.3"))
		}
	}
}

// What the checkout holds must be what the table says.
func TestEveryModuleIsThere(t *testing.T) {
	cache := &Cache{Modules: filepath.Join("..", "..", "modules")}
	for i := range Builds {
		if _, err := cache.Version(&Builds[i]); err != nil {
			t.Error(err)
		}
	}
}
