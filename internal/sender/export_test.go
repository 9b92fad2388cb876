// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

// SpareFor is for tests of the rate.
const SpareFor = spareFor
