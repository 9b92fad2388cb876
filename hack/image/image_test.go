// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func TestImageHoldsProgramsAndConfiguration(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "manager")
	if err := os.WriteFile(program, []byte("static program"), 0o600); err != nil {
		t.Fatal(err)
	}
	output := filepath.Join(folder, "image.tar")
	arguments := []string{
		"-tag", "waymark:dev", "-file", program + "=/opt/manager", "-entrypoint", "/opt/manager",
		"-label", "version=v1=rc", "-output", output,
	}
	if err := run(arguments, io.Discard); err != nil {
		t.Fatal(err)
	}
	packed, err := tarball.ImageFromPath(output, nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := packed.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/opt/manager"}, config.Config.Entrypoint); diff != "" {
		t.Errorf("entrypoint (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"version": "v1=rc"}, config.Config.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if got, want := config.Config.User, "65532:65532"; got != want {
		t.Errorf("user = %q, want %q", got, want)
	}
	want := map[string]int64{"etc": 0o755, "etc/passwd": 0o644, "tmp": 0o1777, "opt": 0o755, "opt/manager": 0o755}
	if diff := cmp.Diff(want, modes(t, mutate.Extract(packed))); diff != "" {
		t.Errorf("files and modes (-want +got):\n%s", diff)
	}

	first, _ := os.ReadFile(output)
	if err := run(arguments, io.Discard); err != nil {
		t.Fatal(err)
	}
	if second, _ := os.ReadFile(output); len(first) == 0 || !bytes.Equal(first, second) {
		t.Error("the same input gave other bytes")
	}
}

func TestRunExplainsWhatIsWrong(t *testing.T) {
	tests := map[string]struct {
		arguments []string
		epoch     string
		want      string
	}{
		"no tag":               {[]string{"-output", "x"}, "", "-tag"},
		"no output":            {[]string{"-tag", "a:b"}, "", "-output is required"},
		"file without target":  {[]string{"-file", "manager"}, "", "want source=/target"},
		"label without value":  {[]string{"-label", "x"}, "", "want key=value"},
		"missing program":      {[]string{"-tag", "a:b", "-output", "x", "-file", "none=/p", "-entrypoint", "/p"}, "", "no such file"},
		"entrypoint elsewhere": {[]string{"-tag", "a:b", "-output", "x", "-file", "p=/p", "-entrypoint", "/q"}, "", `"/q" is the target of no -file`},
		"bad epoch":            {[]string{"-tag", "a:b", "-output", "x"}, "yesterday", "SOURCE_DATE_EPOCH"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("SOURCE_DATE_EPOCH", test.epoch)
			err := run(test.arguments, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

func modes(t *testing.T, archive io.ReadCloser) map[string]int64 {
	t.Helper()
	defer archive.Close()
	found := map[string]int64{}
	for reader := tar.NewReader(archive); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found[header.Name] = header.Mode
	}
}
