// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cache"
	"github.com/waymark-dev/waymark/hack/cluster/internal/progress"
)

// buildFlags are part of what decides the result.
var buildFlags = []string{"-trimpath", "-buildvcs=false"}

// ensure builds the artefact unless its stamp says that these very inputs were
// built before.
func ensure(layout cache.Layout, wanted artefact, reporter progress.Reporter) error {
	inputs, err := fingerprint(wanted)
	if err != nil {
		return err
	}
	stamp := filepath.Join(layout.Stamps(), wanted.name)
	if built(layout, wanted, stamp, inputs) {
		return nil
	}
	title := fmt.Sprintf("building %s (%s)", strings.Join(wanted.files, ", "), layout.KubernetesVersion)
	return reporter.Step(title, func() error { return build(layout, wanted, stamp, inputs) })
}

func built(layout cache.Layout, wanted artefact, stamp, inputs string) bool {
	noted, err := os.ReadFile(stamp)
	if err != nil || string(noted) != inputs {
		return false
	}
	for _, file := range wanted.files {
		if _, err := os.Stat(filepath.Join(wanted.place(layout), file)); err != nil {
			return false
		}
	}
	return true
}

// build makes the files beside their place and moves each there at once, so that
// a program that runs is never overwritten and an interrupted build leaves the
// old files.
func build(layout cache.Layout, wanted artefact, stamp, inputs string) error {
	place := wanted.place(layout)
	for _, folder := range []string{place, layout.Stamps()} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	workshop, err := os.MkdirTemp(layout.Root, "building-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(workshop)
	if err := wanted.make(workshop); err != nil {
		return err
	}
	for _, file := range wanted.files {
		if err := os.Rename(filepath.Join(workshop, file), filepath.Join(place, file)); err != nil {
			return err
		}
	}
	return os.WriteFile(stamp, []byte(inputs), 0o644)
}

// fingerprint identifies all that decides the result of a build.
func fingerprint(wanted artefact) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), runtime.GOOS, runtime.GOARCH, buildFlags, wanted.files)
	for _, source := range wanted.sources {
		if err := hashSource(hash, source); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// hashSource takes in a folder's files with their content. A package path, which
// is no folder here, counts by its name: its content is fixed by go.sum.
func hashSource(hash io.Writer, source string) error {
	fmt.Fprintln(hash, source)
	if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(content), content)
		return err
	})
}

// goBuild builds the programs of one module in a single call, which compiles what
// they share once.
func goBuild(module, folder string, linkerFlags []string, programs ...program) error {
	linkerFlags = append([]string{"-s", "-w"}, linkerFlags...)
	arguments := append([]string{"build"}, buildFlags...)
	arguments = append(arguments, "-ldflags", strings.Join(linkerFlags, " "), "-o", folder+"/")
	for _, program := range programs {
		arguments = append(arguments, program.pkg)
	}
	if err := goCommand(module, arguments...); err != nil {
		return err
	}
	for _, program := range programs {
		if err := os.Rename(filepath.Join(folder, defaultName(program)), filepath.Join(folder, program.name)); err != nil {
			return err
		}
	}
	return nil
}

var majorVersion = []string{"v2", "v3", "v4", "v5"}

// defaultName is what go build calls the program of a package: the last part of
// its path that is no major version.
func defaultName(built program) string {
	if built.pkg == "." {
		return built.name
	}
	if base := path.Base(built.pkg); !slices.Contains(majorVersion, base) {
		return base
	}
	return path.Base(path.Dir(built.pkg))
}

// packImage makes a tarball of one program without a container engine.
func packImage(name, program, tarball string) error {
	return goCommand("hack/image", "run", ".",
		"-tag", "waymark-cluster/"+name+":local", "-file", program+"=/"+name, "-entrypoint", "/"+name,
		"-user", "0:0", "-output", tarball)
}

// goCommand runs the go tool for a static result and shows its output only if it
// fails.
func goCommand(folder string, arguments ...string) error {
	command := exec.Command("go", arguments...)
	command.Dir = folder
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Run(); err != nil {
		return fmt.Errorf("go %s in %s: %w\n%s", arguments[0], folder, err, output.String())
	}
	return nil
}

// lock keeps two builds from doing the same work at once; the second waits and
// then finds everything done.
func lock(root string) (unlock func(), err error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(root, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		fmt.Fprintln(os.Stderr, "waiting for another build to end")
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			return nil, fmt.Errorf("locking %s: %w", file.Name(), err)
		}
	}
	return func() { _ = file.Close() }, nil
}
