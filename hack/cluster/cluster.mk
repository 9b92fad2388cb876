# Copyright 2026 The Waymark Authors
# SPDX-License-Identifier: Apache-2.0

# A real Kubernetes cluster on this machine, from the Go module proxy and Debian
# packages alone. docs/cluster.md says how it works.

# Built programs and the running cluster live here; the folder outlives the checkout.
export WAYMARK_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/waymark
KUBERNETES_VERSION := $(shell sed -n 's|^\s*k8s.io/kubernetes \(v[0-9.]*\).*|\1|p' hack/cluster/kubernetes/go.mod)
# Where kube-apiserver, etcd and kubectl are once they are built; controller tests read it.
export KUBEBUILDER_ASSETS ?= $(WAYMARK_CACHE)/kubernetes-$(KUBERNETES_VERSION)/bin

# Packs static programs into an image tarball without a container engine:
#   $(PACK_IMAGE) -tag NAME:TAG -file /absolute/program=/program -entrypoint /program -output /absolute/image.tar
PACK_IMAGE := go -C $(CURDIR)/hack/image run .

##@ Cluster

.PHONY: envtest-binaries
envtest-binaries: ## Build what controller tests need: kube-apiserver, etcd, kubectl.
	@go run ./hack/cluster/binaries envtest

.PHONY: cluster-binaries
cluster-binaries: ## Build all that the cluster runs.
	@go run ./hack/cluster/binaries cluster

.PHONY: cluster-up
cluster-up: cluster-binaries ## Start a real cluster on this machine (Debian, root); quick if it is up.
	@go run ./hack/cluster up

.PHONY: cluster-down
cluster-down: ## Stop the cluster and remove all that it made.
	@go run ./hack/cluster down

.PHONY: cluster-status
cluster-status: ## Show the cluster's node, pods and volumes.
	@go run ./hack/cluster status

.PHONY: cluster-load
cluster-load: ## Import image tarballs into the cluster: IMAGE_TAR="a.tar b.tar".
	@go run ./hack/cluster load $(IMAGE_TAR)

.PHONY: kubeconfig
kubeconfig: ## Print the path of the cluster's kubeconfig.
	@go run ./hack/cluster kubeconfig

.PHONY: cluster-smoke
cluster-smoke: cluster-binaries ## Test the cluster itself: start, use, break and stop it, then look for traces.
	go test -tags cluster -count 1 -v ./hack/cluster/smoke
