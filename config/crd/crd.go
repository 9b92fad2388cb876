// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package crd carries the CustomResourceDefinitions into programs that need them without a cluster.
package crd

import "embed"

// Bases holds the generated definitions, one file per kind, under bases/.
//
//go:embed bases/*.yaml
var Bases embed.FS
