// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Command image packs static programs into a container image, without a container
// engine and without a network. The image is a tarball that docker load, ctr images
// import and crane push read.
//
//	go run . -tag waymark:dev -file /abs/bin/manager=/manager -file /abs/bin/runner=/runner \
//	    -entrypoint /manager -label org.opencontainers.image.title=Waymark -output waymark.tar
//
// The same input gives the same bytes: every time in the image is
// $SOURCE_DATE_EPOCH, by default 1970.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "error:", err)
		}
		os.Exit(1)
	}
}

func run(arguments []string, usage io.Writer) error {
	var (
		packed      image
		tag, output string
	)
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&tag, "tag", "", "name of the image, such as waymark:dev (required)")
	flags.StringVar(&output, "output", "", "tarball to write (required)")
	flags.StringVar(&packed.entrypoint, "entrypoint", "", "program in the image that runs, such as /manager (required)")
	flags.StringVar(&packed.user, "user", "65532:65532", "user and group that the program runs as")
	flags.StringVar(&packed.architecture, "arch", runtime.GOARCH, "architecture of the programs, as in GOARCH")
	flags.Func("file", "`source=/target` of a program; may be repeated (required)", packed.addFile)
	flags.Func("label", "`key=value` of a label; may be repeated", packed.addLabel)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	reference, err := name.NewTag(tag)
	if err != nil {
		return fmt.Errorf("-tag %q: %w", tag, err)
	}
	if output == "" {
		return errors.New("-output is required")
	}
	if packed.created, err = creationTime(os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	return write(packed, reference, output)
}

// write replaces the output only by a complete image.
func write(packed image, reference name.Tag, output string) error {
	built, err := packed.build()
	if err != nil {
		return err
	}
	unfinished := output + ".unfinished"
	defer os.Remove(unfinished)
	if err := tarball.WriteToFile(unfinished, reference, built); err != nil {
		return fmt.Errorf("writing %s: %w", unfinished, err)
	}
	return os.Rename(unfinished, output)
}

func creationTime(epoch string) (time.Time, error) {
	if epoch == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%q: want seconds since 1970", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

func (i *image) addFile(argument string) error {
	source, target, found := strings.Cut(argument, "=")
	if !found || source == "" || !path.IsAbs(target) {
		return errors.New("want source=/target")
	}
	i.files = append(i.files, file{source: filepath.Clean(source), target: path.Clean(target)})
	return nil
}

func (i *image) addLabel(argument string) error {
	key, value, found := strings.Cut(argument, "=")
	if !found || key == "" {
		return errors.New("want key=value")
	}
	if i.labels == nil {
		i.labels = map[string]string{}
	}
	i.labels[key] = value
	return nil
}
