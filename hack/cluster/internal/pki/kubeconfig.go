// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"encoding/base64"
	"fmt"
)

const kubeconfigFormat = `apiVersion: v1
kind: Config
clusters:
- name: waymark-cluster
  cluster:
    server: %[1]s
    certificate-authority-data: %[3]s
users:
- name: %[2]q
  user:
    client-certificate-data: %[4]s
    client-key-data: %[5]s
contexts:
- name: waymark-cluster
  context:
    cluster: waymark-cluster
    user: %[2]q
current-context: waymark-cluster
`

func kubeconfig(server, user string, authority, certificate, key []byte) []byte {
	encode := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, kubeconfigFormat, server, user, encode(authority), encode(certificate), encode(key))
}
