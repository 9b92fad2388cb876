# Copyright 2026 The Waymark Authors
# SPDX-License-Identifier: Apache-2.0

# The version of Waymark and the image that `make deploy` and dist/install.yaml name.
VERSION ?= 0.1.0
IMG ?= ghcr.io/waymark-dev/waymark:v$(VERSION)

# What builds images: docker, podman, or another program that takes the same words.
CONTAINER_TOOL ?= docker

# default watches all namespaces; namespaced watches its own alone.
MODE ?= default

# Tools are compiled from the versions in a module of their own, so that they never mix with what Waymark is made of.
TOOL := go tool -modfile=$(CURDIR)/hack/tools/go.mod
CONTROLLER_GEN := $(TOOL) controller-gen
CRD_REF_DOCS := $(TOOL) crd-ref-docs
GOLANGCI_LINT := $(TOOL) golangci-lint
KUSTOMIZE := $(TOOL) kustomize
KUBECTL ?= kubectl

# What is generated and stands in the repository.
GENERATED := api/v1alpha1/zz_generated.deepcopy.go config/crd/bases config/rbac/role.yaml docs/api.md dist

# One set of flags for programs, tests and linters, so that each package is compiled once for all of them.
export CGO_ENABLED ?= 0
export GOFLAGS += -trimpath

SHELL := /usr/bin/env bash -o pipefail
.SHELLFLAGS := -ec

.PHONY: all
all: build

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"; printf "\nUsage:\n  make \033[36m<target>\033[0m\n"} \
		/^[a-zA-Z0-9_-]+:.*?##/ {printf "  \033[36m%-20s\033[0m %s\n", $$1, $$2} \
		/^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)}' $(MAKEFILE_LIST)

##@ Development

.PHONY: generate
generate: ## Generate the Go code that the API types need.
	@$(CONTROLLER_GEN) object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: ## Generate resource definitions and the operator's role.
	@$(CONTROLLER_GEN) rbac:roleName=manager-role crd paths=./... output:crd:artifacts:config=config/crd/bases

.PHONY: api-docs
api-docs: ## Generate the reference of the API, docs/api.md.
	@mkdir -p bin
	@$(CRD_REF_DOCS) --source-path=api/v1alpha1 --config=hack/api-docs/config.yaml --renderer=markdown \
		--templates-dir=hack/api-docs/templates --output-path=bin/api.md --log-level=ERROR
	@cat -s bin/api.md > docs/api.md

.PHONY: verify-generate
verify-generate: generate manifests api-docs build-installer ## Fail if something generated is not up to date.
	@changed=$$(git status --porcelain -- $(GENERATED)); \
	if [[ -n "$$changed" ]]; then \
		echo "Generated files are not up to date. Run make generate manifests api-docs build-installer and commit:" >&2; \
		echo "$$changed" >&2; git --no-pager diff -- $(GENERATED) >&2; exit 1; \
	fi

.PHONY: fmt
fmt: ## Format Go code.
	@$(GOLANGCI_LINT) fmt

.PHONY: vet
vet: ## Run go vet.
	@go vet ./...

.PHONY: lint
lint: ## Run the linters.
	@$(GOLANGCI_LINT) run

.PHONY: lint-fix
lint-fix: ## Run the linters and mend what they can.
	@$(GOLANGCI_LINT) run --fix

.PHONY: test
test: envtest-binaries ## Run unit, property and controller tests.
	@go test $$(go list ./... | grep -v /test/e2e)

.PHONY: e2e
e2e: deploy-local sink-load ## Run the end-to-end tests on a real cluster, which is brought up for it.
	@KUBECONFIG="$$(go run ./hack/cluster kubeconfig)" KUBECTL_WAYMARK=$(CURDIR)/bin/kubectl-waymark \
		go test ./test/e2e -count 1 -timeout 40m -v -ginkgo.v

.PHONY: bench
bench: ## Run the benchmarks, COUNT times each; bin/bench.txt is for benchstat.
	@mkdir -p bin
	@go test -run '^$$' -bench . -benchmem -count $(or $(COUNT),6) ./internal/... | tee bin/bench.txt

##@ Build

.PHONY: build
build: ## Build all programs into bin.
	@mkdir -p bin
	@go build -o bin/ ./cmd/...

.PHONY: docker-build
docker-build: ## Build the image with Docker or what CONTAINER_TOOL names.
	@$(CONTAINER_TOOL) build --tag $(IMG) .

.PHONY: docker-push
docker-push: ## Push the image.
	@$(CONTAINER_TOOL) push $(IMG)

# The image is set in a copy, so that the sources stay as they are.
bin/deploy-%: FORCE
	@rm -rf $@ && mkdir -p $@
	@sed 's|config/default|config/$*|' hack/deploy/kustomization.yaml > $@/kustomization.yaml
	@cd $@ && $(KUSTOMIZE) edit set image waymark=$(IMG)

.PHONY: FORCE
FORCE:

.PHONY: build-installer
build-installer: bin/deploy-default bin/deploy-namespaced ## Write all that an installation needs to dist.
	@mkdir -p dist
	@$(KUSTOMIZE) build bin/deploy-default > dist/install.yaml
	@$(KUSTOMIZE) build bin/deploy-namespaced > dist/install-namespaced.yaml

##@ Deployment

.PHONY: install
install: ## Install the resource definitions into the cluster that kubectl talks to.
	@$(KUSTOMIZE) build config/crd | $(KUBECTL) apply --server-side --force-conflicts -f -

.PHONY: uninstall
uninstall: ## Remove the resource definitions and with them every Workspace, EventFeed and Funnel.
	@$(KUSTOMIZE) build config/crd | $(KUBECTL) delete --ignore-not-found -f -

.PHONY: deploy
deploy: bin/deploy-$(MODE) ## Deploy the operator with the image IMG; MODE=namespaced for its own namespace alone.
	@$(KUSTOMIZE) build $< | $(KUBECTL) apply --server-side --force-conflicts -f -

.PHONY: undeploy
undeploy: bin/deploy-$(MODE) ## Remove the operator and the resource definitions.
	@$(KUSTOMIZE) build $< | $(KUBECTL) delete --ignore-not-found -f -

# Parts with targets of their own.
-include hack/*/*.mk
