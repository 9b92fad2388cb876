# Copyright 2026 The Waymark Authors
# SPDX-License-Identifier: Apache-2.0

# One image holds the operator and the runner, so that they are always of one version.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} \
    go build -trimpath -ldflags="-s -w" -o /out/ ./cmd/manager ./cmd/runner

FROM gcr.io/distroless/static:nonroot
LABEL org.opencontainers.image.source="https://github.com/waymark-dev/waymark" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/manager /out/runner /
USER 65532:65532
ENTRYPOINT ["/manager"]
