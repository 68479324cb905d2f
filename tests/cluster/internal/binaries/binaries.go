// Package binaries makes the programs that a bed runs, from the Go module proxy alone, and keeps them.
//
// Each folder below tests/cluster/modules is a module whose go.mod and go.sum pin every line of source. What is built
// from it lies outside the checkout in a folder named by the checksum of those files and of the flags: what is there is
// what would be built, so nothing is ever built twice, and a change of version never meets an old binary. A build is
// made beside its place and renamed, under a lock, so that two builders do not disturb each other and a killed one
// leaves nothing that looks whole.
package binaries

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// kept is how many versions of one build stay in the cache.
const kept = 3

// Cache builds and finds programs.
type Cache struct {
	// Modules is the folder of the modules, tests/cluster/modules.
	Modules string
	// Dir is the folder of what is built.
	Dir string
	// Say takes a line of progress for a person.
	Say func(format string, args ...any)
}

// Report is what is written beside what was built.
type Report struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Seconds is the wall-clock time of the build, downloads included.
	Seconds float64 `json:"seconds"`
	// CPUSeconds is what the compiler and the linker worked, on all CPUs together; what the compiler's own cache held
	// is not in it.
	CPUSeconds float64 `json:"cpuSeconds"`
	// Bytes are the programs' sizes by name.
	Bytes map[string]int64 `json:"bytes"`
	Go    string           `json:"go"`
	CPUs  int              `json:"cpus"`
	Built time.Time        `json:"built"`
}

// Default is the cache at its usual place: $TESTBED_CACHE, or periplus/testbed in $XDG_CACHE_HOME or ~/.cache. The
// modules are those of the checkout that this program was built from, or $TESTBED_MODULES.
func Default(say func(format string, args ...any)) (*Cache, error) {
	modules := os.Getenv("TESTBED_MODULES")
	if modules == "" {
		_, file, _, _ := runtime.Caller(0)
		modules = filepath.Join(filepath.Dir(file), "..", "..", "modules")
	}
	if _, err := os.Stat(modules); err != nil {
		return nil, fmt.Errorf("cannot find the modules to build from (set TESTBED_MODULES to tests/cluster/modules "+
			"of a checkout): %w", err)
	}
	dir := os.Getenv("TESTBED_CACHE")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("cannot find a folder for built programs (set TESTBED_CACHE): %w", err)
		}
		dir = filepath.Join(cache, "periplus", "testbed")
	}
	return &Cache{Modules: modules, Dir: dir, Say: say}, nil
}

// Versions are the minor versions of Kubernetes that a bed can have, newest first, as "1.36".
func Versions() []string {
	var versions []string
	for _, build := range Builds {
		if minor, ok := strings.CutPrefix(build.Name, "kubernetes-"); ok {
			versions = append(versions, minor)
		}
	}
	return versions
}

// Find returns the build that makes a program. The version chooses among the minor versions of Kubernetes and may be
// empty for everything else.
func Find(name, version string) (*Build, error) {
	for i := range Builds {
		build := &Builds[i]
		minor, isKubernetes := strings.CutPrefix(build.Name, "kubernetes-")
		if isKubernetes && minor != version {
			continue
		}
		for _, program := range build.Programs {
			if program.Name == name {
				return build, nil
			}
		}
		for _, link := range build.Links {
			if link == name {
				return build, nil
			}
		}
	}
	return nil, fmt.Errorf("nothing here builds %q in version %q; Kubernetes is there in %s", name, version,
		strings.Join(Versions(), " and "))
}

// Path returns the path of a program, which it builds if it is not there yet.
func (c *Cache) Path(ctx context.Context, name, version string) (string, error) {
	build, err := Find(name, version)
	if err != nil {
		return "", err
	}
	dir, err := c.Ensure(ctx, build)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

// Version is the version of what a build makes, from its go.mod, without the "v".
func (c *Cache) Version(build *Build) (string, error) {
	if build.Module == "" {
		return ownVersion, nil
	}
	text, err := os.ReadFile(filepath.Join(c.Modules, build.Name, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("cannot read the versions of %s: %w", build.Name, err)
	}
	return requiredVersion(string(text), build.Module, build.Name)
}

func requiredVersion(text, module, name string) (string, error) {
	line := regexp.MustCompile(`(?m)^(?:require)?\s+` + regexp.QuoteMeta(module) + `\s+v(\S+)`)
	found := line.FindStringSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("the go.mod of %s does not require %s", name, module)
	}
	return found[1], nil
}

// Has says whether a build is there, so that Ensure would return at once.
func (c *Cache) Has(build *Build) (bool, error) {
	version, err := c.Version(build)
	if err != nil {
		return false, err
	}
	dir, err := c.place(build, version)
	return err == nil && there(dir), err
}

// Ensure returns the folder of what a build makes, and makes it if it is not there yet.
func (c *Cache) Ensure(ctx context.Context, build *Build) (string, error) {
	version, err := c.Version(build)
	if err != nil {
		return "", err
	}
	dir, err := c.place(build, version)
	if err != nil {
		return "", err
	}
	if there(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return "", fmt.Errorf("cannot make the folder for built programs (set TESTBED_CACHE to another): %w", err)
	}
	unlock, err := c.lock(ctx, build)
	if err != nil {
		return "", err
	}
	defer unlock()
	if there(dir) {
		return dir, nil
	}
	if err := c.make(ctx, build, version, dir); err != nil {
		return "", err
	}
	c.prune(build, dir)
	return dir, nil
}

// Reports are the reports of everything that is built, in the order of Builds; what is not built is left out.
func (c *Cache) Reports() ([]Report, error) {
	var reports []Report
	for i := range Builds {
		version, err := c.Version(&Builds[i])
		if err != nil {
			return nil, err
		}
		dir, err := c.place(&Builds[i], version)
		if err != nil {
			return nil, err
		}
		text, err := os.ReadFile(filepath.Join(dir, reportFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var report Report
		if err == nil {
			err = json.Unmarshal(text, &report)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the report of %s: %w", Builds[i].Name, err)
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// ownVersion is the version of what is built from source of our own.
const ownVersion = "1"

const (
	reportFile = "build.json"
	// unfinished is how the name of a folder ends that is being built into.
	unfinished = ".next"
)

// there is true for a finished build, and notes that it was used.
func there(dir string) bool {
	now := time.Now()
	return os.Chtimes(filepath.Join(dir, reportFile), now, now) == nil
}

// place is the folder of a build: its name and the checksum of all that decides what comes out.
func (c *Cache) place(build *Build, version string) (string, error) {
	sum := sha256.New()
	for _, part := range []string{version, runtime.GOOS, runtime.GOARCH, build.stamp(version),
		strings.Join(build.Tags, ","), fmt.Sprint(build.CGO, build.Programs, build.Links)} {
		fmt.Fprintf(sum, "%d:%s\n", len(part), part)
	}
	module := filepath.Join(c.Modules, build.Name)
	files, err := os.ReadDir(module)
	if err != nil {
		return "", fmt.Errorf("cannot list the module of %s: %w", build.Name, err)
	}
	for _, file := range files {
		if file.IsDir() {
			return "", fmt.Errorf("the module of %s has a folder %s: only files at its top are accounted for", build.Name, file.Name())
		}
		text, err := os.ReadFile(filepath.Join(module, file.Name()))
		if err != nil {
			return "", fmt.Errorf("cannot read the module of %s: %w", build.Name, err)
		}
		fmt.Fprintf(sum, "%s %d\n", file.Name(), len(text))
		sum.Write(text)
	}
	return filepath.Join(c.Dir, build.Name+"-"+hex.EncodeToString(sum.Sum(nil))[:16]), nil
}

// lock waits until no other process makes the same build.
func (c *Cache) lock(ctx context.Context, build *Build) (func(), error) {
	path := filepath.Join(c.Dir, build.Name+".lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot open the lock %s: %w", path, err)
	}
	told := false
	for {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			file.Close()
			return nil, fmt.Errorf("cannot take the lock %s: %w", path, err)
		}
		if !told {
			c.Say("another process builds %s: waiting for it", build.Name)
			told = true
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("gave up waiting for another process that builds %s: %w", build.Name, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// make builds beside the place and renames.
func (c *Cache) make(ctx context.Context, build *Build, version, dir string) error {
	c.Say("building %s %s", build.Name, version)
	begin := time.Now()
	next := dir + unfinished
	defer os.RemoveAll(next)
	if err := os.MkdirAll(next, 0o755); err != nil {
		return fmt.Errorf("cannot make the folder of %s: %w", build.Name, err)
	}
	report := Report{Name: build.Name, Version: version, Bytes: map[string]int64{}, Go: runtime.Version(),
		CPUs: runtime.NumCPU(), Built: begin.UTC()}
	for _, program := range build.Programs {
		to := filepath.Join(next, program.Name)
		worked, err := c.compile(ctx, build, version, program, to)
		if err != nil {
			return err
		}
		report.CPUSeconds += worked.Seconds()
		info, err := os.Stat(to)
		if err != nil {
			return fmt.Errorf("the build of %s left no program: %w", program.Name, err)
		}
		report.Bytes[program.Name] = info.Size()
	}
	for _, link := range build.Links {
		if err := os.Symlink(build.Programs[0].Name, filepath.Join(next, link)); err != nil {
			return fmt.Errorf("cannot link %s: %w", link, err)
		}
	}
	report.CPUSeconds = math.Round(report.CPUSeconds*10) / 10
	report.Seconds = time.Since(begin).Round(100 * time.Millisecond).Seconds()
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the report of %s: %w", build.Name, err)
	}
	if err := os.WriteFile(filepath.Join(next, reportFile), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("cannot write the report of %s: %w", build.Name, err)
	}
	if err := os.Rename(next, dir); err != nil {
		return fmt.Errorf("cannot put %s in its place: %w", build.Name, err)
	}
	c.Say("built %s %s in %.0f s: %s", build.Name, version, report.Seconds, Sizes(report.Bytes))
	return nil
}

// compile runs the Go compiler for one program and returns how long the CPUs worked for it.
func (c *Cache) compile(ctx context.Context, build *Build, version string, program Program, to string) (time.Duration, error) {
	command := exec.CommandContext(ctx, "go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false",
		"-tags", strings.Join(build.Tags, ","), "-ldflags", build.stamp(version), "-o", to, program.Package)
	command.Dir = filepath.Join(c.Modules, build.Name)
	cgo := "CGO_ENABLED=0"
	if build.CGO {
		cgo = "CGO_ENABLED=1"
	}
	command.Env = append(os.Environ(), cgo, "GOWORK=off", "GOFLAGS=")
	// The compiler's children end with it when this is interrupted.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	var last tail
	command.Stdout, command.Stderr = &last, &last
	if err := command.Run(); err != nil {
		hint := ""
		if build.CGO {
			hint = " (it needs gcc, pkg-config and libseccomp-dev: scripts/setup.sh test)"
		}
		return 0, fmt.Errorf("cannot build %s of %s%s: %w\n%s", program.Name, build.Name, hint, err, last.String())
	}
	return command.ProcessState.UserTime() + command.ProcessState.SystemTime(), nil
}

// prune drops all but the newest versions of a build and what killed builds left, so that the cache does not grow for
// ever.
func (c *Cache) prune(build *Build, current string) {
	found, err := filepath.Glob(filepath.Join(c.Dir, build.Name+"-*"))
	if err != nil {
		return
	}
	ours := regexp.MustCompile("^" + regexp.QuoteMeta(build.Name) + `-[0-9a-f]{16}(` + regexp.QuoteMeta(unfinished) + ")?$")
	type version struct {
		dir  string
		used time.Time
	}
	var old []version
	for _, dir := range found {
		if dir == current || !ours.MatchString(filepath.Base(dir)) {
			continue
		}
		if strings.HasSuffix(dir, unfinished) {
			// We hold the lock: whoever began this was killed.
			c.remove(dir)
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, reportFile)); err == nil {
			old = append(old, version{dir, info.ModTime()})
		}
	}
	sort.Slice(old, func(i, j int) bool { return old[i].used.After(old[j].used) })
	for i, version := range old {
		if i+1 >= kept {
			c.remove(version.dir)
		}
	}
}

func (c *Cache) remove(dir string) {
	if err := os.RemoveAll(dir); err != nil {
		c.Say("cannot remove the old build %s: %v", dir, err)
	}
}

// Sizes writes sizes for people, in the order of the names.
func Sizes(bytes map[string]int64) string {
	names := make([]string, 0, len(bytes))
	for name := range bytes {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %.0f MB", name, float64(bytes[name])/1e6)
	}
	return strings.Join(names, ", ")
}

// tail keeps the end of what a compiler says: enough to see what is wrong, whatever it says.
type tail struct{ text bytes.Buffer }

const tailBytes = 8 << 10

func (t *tail) Write(text []byte) (int, error) {
	t.text.Write(text)
	if extra := t.text.Len() - tailBytes; extra > 0 {
		t.text.Next(extra)
	}
	return len(text), nil
}

func (t *tail) String() string { return strings.TrimSpace(t.text.String()) }
