// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package stats

// Approximately gives the chances of Associate as it finds them where numbers are large.
func Approximately(tables []Table) (either, over float64) { return compare(tables).approximately() }
