package system

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// instances is the kernel's limit of how many things root may watch files with. A node watches with twenty, a control
// plane with thirty; most machines allow 128 in all, so that the third cluster's kubelets would not start.
const (
	instances       = "/proc/sys/fs/inotify/max_user_instances"
	instancesWanted = 8192
)

// raiseLimits raises the machine's limit for the time that there are beds, and keeps in a file what it was.
func raiseLimits(root string) error {
	text, err := os.ReadFile(instances)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", instances, err)
	}
	now, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", instances, err)
	}
	if now >= instancesWanted {
		return nil
	}
	kept := keptLimit(root)
	if _, err := os.Stat(kept); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(kept, text, 0o644); err != nil {
			return fmt.Errorf("cannot keep what %s was: %w", instances, err)
		}
	}
	if err := os.WriteFile(instances, []byte(strconv.Itoa(instancesWanted)), 0o644); err != nil {
		return fmt.Errorf("cannot raise %s (this needs root): %w", instances, err)
	}
	return nil
}

// restoreLimits makes the limit what it was before there were beds.
func restoreLimits(root string) error {
	kept := keptLimit(root)
	text, err := os.ReadFile(kept)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read what %s was: %w", instances, err)
	}
	if err := os.WriteFile(instances, text, 0o644); err != nil {
		return fmt.Errorf("cannot set %s back: %w", instances, err)
	}
	if err := os.Remove(kept); err != nil {
		return fmt.Errorf("cannot forget what %s was: %w", instances, err)
	}
	return nil
}

func keptLimit(root string) string { return filepath.Join(root, "max_user_instances") }
