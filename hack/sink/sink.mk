# Copyright 2026 The Waymark Authors
# SPDX-License-Identifier: Apache-2.0

##@ Sink

# What stands in for mail servers, webhooks and Telegram on the cluster of cluster-up; end-to-end tests and samples send to it.
SINK_IMAGE := localhost/waymark-sink:dev

.PHONY: sink-image
sink-image: ## Build the image of the sink: bin/sink.tar.
	@mkdir -p bin
	@go build -o bin/sink ./test/sink
	@$(PACK_IMAGE) -tag $(SINK_IMAGE) -entrypoint /sink -file $(CURDIR)/bin/sink=/sink -output $(CURDIR)/bin/sink.tar

.PHONY: sink-load
sink-load: sink-image ## Import the sink's image into the cluster.
	@go run ./hack/cluster load bin/sink.tar
