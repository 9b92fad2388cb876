// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/pki"
)

// asRunner tells the test binary to be the runner.
const asRunner = "WAYMARK_TEST_AS_RUNNER"

func TestMain(m *testing.M) {
	if os.Getenv(asRunner) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const (
	writeKey   = "demo-key"
	serverName = "shop-runner.sales.svc"
)

// pod is a data volume, with keys and a feed, on which the runner is started again and again in a process of its own.
type pod struct {
	t       testing.TB
	dir     string
	ingest  string // addresses
	control string
	health  string
	client  *control.Client
	args    []string

	process *exec.Cmd
	output  *lockedBuffer
}

// lockedBuffer keeps the end of what a process writes.
type lockedBuffer struct {
	mu      sync.Mutex
	content []byte
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.content = append(b.content, p...)
	if excess := len(b.content) - 32<<10; excess > 0 {
		b.content = b.content[excess:]
	}
	return len(p), nil
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.content)
}

func newPod(t testing.TB, args ...string) *pod {
	t.Helper()
	p := &pod{t: t, dir: t.TempDir(), args: args}
	for _, address := range []*string{&p.ingest, &p.control, &p.health} {
		*address = freeAddress(t)
	}
	p.writeKeys()
	feeds := definition.Feeds{Version: "1", Feeds: []definition.Feed{{
		Namespace: "sales", Name: "shop", Protocols: []string{"CloudEvents"}, WriteKeys: []string{writeKey}, MaxBodyBytes: 4 << 20,
	}}}
	content, err := json.Marshal(feeds)
	if err != nil {
		t.Fatal(err)
	}
	p.write("feeds.json", content)
	t.Cleanup(func() {
		if p.process != nil {
			p.kill()
		}
	})
	return p
}

// Ports below those that systems give out by themselves: a pod has its own for as long as the test lasts, also while it is dead, and whoever
// asked the system for any port meanwhile could be given a pod's.
const firstPort, ports = 21_000, 8_000

// portsTried is how many freeAddress has looked at. Each process begins elsewhere.
var portsTried atomic.Int32

// freeAddress gives an address that nobody listens at.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range ports {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+(os.Getpid()+int(portsTried.Add(1)))%ports))
		if err == nil {
			defer func() { _ = l.Close() }()
			return l.Addr().String()
		}
	}
	t.Fatalf("none of the %d ports from %d on is free", ports, firstPort)
	return ""
}

func (p *pod) write(name string, content []byte) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), content, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// writeKeys makes the workspace's authority and the certificates of both sides, as the operator does.
func (p *pod) writeKeys() {
	p.t.Helper()
	now := time.Now()
	authorities, _, err := pki.Authorities(nil).Renewed("sales/shop", now)
	if err != nil {
		p.t.Fatal(err)
	}
	trusted, _, err := authorities.PEM()
	if err != nil {
		p.t.Fatal(err)
	}
	server, _, err := authorities.Certify(pki.Leaf{}, pki.Identity{Name: "shop-runner", DNSNames: []string{serverName}}, now)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(control.CertificateFile, server.Certificate)
	p.write(control.KeyFile, server.Key)
	p.write(control.AuthoritiesFile, trusted)
	client, _, err := authorities.Certify(pki.Leaf{}, pki.Identity{Name: control.OperatorName}, now)
	if err != nil {
		p.t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(client.Certificate, client.Key)
	if err != nil {
		p.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(trusted)
	p.client = control.NewClient(control.ClientOptions{Address: p.control, ServerName: serverName, Certificate: pair, Authorities: pool})
}

// start runs the runner and waits until it is ready.
func (p *pod) start() {
	p.t.Helper()
	p.startUnready()
	p.awaitReady()
}

func (p *pod) awaitReady() {
	p.t.Helper()
	p.eventually("ready", func() error {
		response, err := http.Get("http://" + p.health + "/readyz")
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return errors.New(response.Status)
		}
		return nil
	})
}

func (p *pod) startUnready() {
	p.t.Helper()
	p.output = &lockedBuffer{}
	p.process = exec.Command(os.Args[0], append([]string{ //nolint:gosec // this very binary
		"--workspace=sales/shop", "--partitions=2", "--data-dir=" + filepath.Join(p.dir, "data"), "--tls-dir=" + p.dir,
		"--feeds-file=" + filepath.Join(p.dir, "feeds.json"), "--delivery-file=" + filepath.Join(p.dir, "delivery.json"),
		"--ingest-address=" + p.ingest, "--control-address=" + p.control,
		"--health-address=" + p.health,
	}, p.args...)...)
	p.process.Env = append(os.Environ(), asRunner+"=1", "POD_NAME=shop-runner-0")
	p.process.Stdout, p.process.Stderr = p.output, p.output
	p.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.process.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process as a power cut would, but for the page cache.
func (p *pod) kill() {
	_ = p.process.Process.Kill()
	_ = p.process.Wait()
	p.process = nil
}

// terminate ends the process as the kubelet does.
func (p *pod) terminate() {
	p.t.Helper()
	if err := p.process.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if err := p.process.Wait(); err != nil {
		p.t.Errorf("the runner left with %v:\n%s", err, p.output)
	}
	p.process = nil
}

// eventually tries for as long as a slow machine may need.
func (p *pod) eventually(what string, try func() error) {
	p.t.Helper()
	var err error
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = try(); err == nil {
			return
		}
	}
	p.t.Fatalf("not %s in 60 s: %v\n%s", what, err, p.output)
}

// cloudEvent is one event as a sender writes it.
type cloudEvent struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject"`
	Time        time.Time `json:"time"`
	Data        any       `json:"data,omitempty"`
}

// post sends a batch; nil means that the runner acknowledged it.
func (p *pod) post(ctx context.Context, batch []cloudEvent) error {
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.ingest+"/sales/shop", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/cloudevents-batch+json")
	request.Header.Set("Authorization", "Bearer "+writeKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 != 2 {
		var said bytes.Buffer
		_, _ = said.ReadFrom(response.Body)
		return fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(said.String()))
	}
	return nil
}

// apply hands a funnel of stages over, each filled by events of its name.
func (p *pod) apply(key string, stages ...string) {
	p.t.Helper()
	meaning := definition.Funnel{
		Window: 24 * time.Hour, Period: definition.Period{RollingDays: 30}, TimeZone: "Europe/Moscow", Order: definition.Ordered,
		EntryPolicy: definition.LatestStart, Lateness: 90 * 24 * time.Hour,
	}
	for _, name := range stages {
		meaning.Stages = append(meaning.Stages, definition.Stage{Name: name, Matches: []definition.EventMatch{{Event: name}}})
	}
	form, version, err := meaning.Canonical()
	if err != nil {
		p.t.Fatal(err)
	}
	p.applyAll(control.Definition{Key: key, Version: version, UID: "u", Generation: 1, Meaning: form})
}

// applyAll hands the whole set of definitions over.
func (p *pod) applyAll(definitions ...control.Definition) {
	p.t.Helper()
	wanted := control.Definitions{Leader: 1, Definitions: definitions}
	p.eventually("applied", func() error {
		applied, err := p.client.Apply(p.t.Context(), wanted)
		if err == nil && len(applied.Refused) > 0 {
			p.t.Fatalf("refused: %+v", applied.Refused)
		}
		return err
	})
}

// report waits for one of all partitions.
func (p *pod) report() (report control.Report) {
	p.t.Helper()
	p.eventually("reporting", func() (err error) {
		if report, err = p.client.Report(p.t.Context()); err == nil && len(report.Partitions) < 2 {
			err = fmt.Errorf("faults %+v", report.Faults)
		}
		return err
	})
	return report
}
