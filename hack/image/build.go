// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// image says what is in a container image.
type image struct {
	files        []file
	entrypoint   string
	user         string
	architecture string
	labels       map[string]string
	created      time.Time
}

// file is a program on this machine and its absolute path in the image.
type file struct{ source, target string }

// passwd gives the users names; some libraries refuse to run without one.
const passwd = "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n"

// build makes a layer of the users and /tmp, and one layer for each program, so
// that a changed program leaves the others' layers as they are.
func (i *image) build() (v1.Image, error) {
	if err := i.check(); err != nil {
		return nil, err
	}
	base, err := i.layer(
		entry{path: "etc/", mode: 0o755},
		entry{path: "etc/passwd", mode: 0o644, content: []byte(passwd)},
		entry{path: "tmp/", mode: 0o1777},
	)
	if err != nil {
		return nil, err
	}
	layers := []v1.Layer{base}
	for _, program := range i.files {
		layer, err := i.programLayer(program)
		if err != nil {
			return nil, err
		}
		layers = append(layers, layer)
	}
	stacked, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		return nil, err
	}
	return i.configure(stacked)
}

func (i *image) check() error {
	for _, program := range i.files {
		if program.target == i.entrypoint {
			return nil
		}
	}
	return fmt.Errorf("-entrypoint %q is the target of no -file", i.entrypoint)
}

func (i *image) configure(stacked v1.Image) (v1.Image, error) {
	config, err := stacked.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Architecture, config.OS = i.architecture, "linux"
	config.Created = v1.Time{Time: i.created}
	config.Config = v1.Config{
		Entrypoint: []string{i.entrypoint},
		Env:        []string{"PATH=/"},
		User:       i.user,
		WorkingDir: "/",
		Labels:     i.labels,
	}
	return mutate.ConfigFile(stacked, config)
}

func (i *image) programLayer(program file) (v1.Layer, error) {
	content, err := os.ReadFile(program.source)
	if err != nil {
		return nil, fmt.Errorf("-file: %w", err)
	}
	var entries []entry
	for folder := path.Dir(program.target); folder != "/"; folder = path.Dir(folder) {
		entries = append(entries, entry{path: strings.TrimPrefix(folder, "/") + "/", mode: 0o755})
	}
	slices.Reverse(entries)
	return i.layer(append(entries, entry{path: strings.TrimPrefix(program.target, "/"), mode: 0o755, content: content})...)
}

// entry is a file of a layer, or a folder if its path ends with a slash.
type entry struct {
	path    string
	mode    int64
	content []byte
}

func (i *image) layer(entries ...entry) (v1.Layer, error) {
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	for _, entry := range entries {
		header := &tar.Header{
			Name: entry.path, Mode: entry.mode, Size: int64(len(entry.content)),
			ModTime: i.created, Typeflag: tar.TypeReg,
		}
		if strings.HasSuffix(entry.path, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := writer.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := writer.Write(entry.content); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	// Images are imported on this machine far more often than sent anywhere.
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	}, tarball.WithCompressionLevel(gzip.BestSpeed))
}
