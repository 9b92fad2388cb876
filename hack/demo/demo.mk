# Copyright 2026 The Waymark Authors
# SPDX-License-Identifier: Apache-2.0

##@ Try it

# Cluster tools come from the cluster's own build, so that nothing has to be installed.
export PATH := $(KUBEBUILDER_ASSETS):$(PATH)

.PHONY: demo
demo: deploy-local ## Play thirty days of a shop on a real cluster and show its funnel.
	@KUBECONFIG="$$(go run ./hack/cluster kubeconfig)" hack/demo/demo.sh

.PHONY: deploy-local
deploy-local: cluster-up build ## Deploy the operator from this checkout to the cluster of cluster-up.
	@image=localhost/waymark:$$(cat bin/manager bin/runner | sha256sum | cut -c1-12); \
	$(PACK_IMAGE) -tag "$$image" -entrypoint /manager -output $(CURDIR)/bin/waymark.tar \
		-file $(CURDIR)/bin/manager=/manager -file $(CURDIR)/bin/runner=/runner; \
	go run ./hack/cluster load bin/waymark.tar; \
	export KUBECONFIG="$$(go run ./hack/cluster kubeconfig)"; \
	$(MAKE) --no-print-directory deploy IMG="$$image"; \
	$(KUBECTL) --namespace waymark-system rollout status deployment/waymark-controller-manager --timeout 2m
