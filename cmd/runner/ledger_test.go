// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/ledger"
	"github.com/waymark-dev/waymark/internal/nurture"
)

// kubectl runs a command of the plugin, which reaches the runner directly and not through a cluster.
func (p *pod) kubectl(stdin string, args ...string) (stdout string, err error) {
	p.t.Helper()
	root := &cobra.Command{Use: "kubectl-waymark", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(ledger.Commands(func(_ context.Context, target ledger.Target) ([]ledger.Runner, error) {
		if target.Workspace != "shop" || target.Namespace != "sales" {
			return nil, fmt.Errorf("there is no workspace %s/%s", target.Namespace, target.Workspace)
		}
		return []ledger.Runner{p.client}, nil
	})...)
	var out bytes.Buffer
	root.SetArgs(append(args, "-w", "shop", "-n", "sales"))
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	err = root.ExecuteContext(p.t.Context())
	return out.String(), err
}

func (p *pod) mustKubectl(stdin string, args ...string) string {
	p.t.Helper()
	stdout, err := p.kubectl(stdin, args...)
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, stdout)
	}
	return stdout
}

// What was put into one workspace can be taken out, and put into another that has never seen an address.
func TestSuppressionsMoveToAnotherWorkspace(t *testing.T) {
	t.Parallel()
	p, other := newPod(t), newPod(t)
	p.start()
	other.start()
	const list = `{"medium": "SMTP", "address": "Ann@example.com", "class": "Manual", "time": "2026-03-01T10:00:00Z"}
{"medium": "SMTP", "address": "bob@example.com", "time": "2026-03-02T10:00:00Z"}
not JSON
{"medium": "Telegram", "address": "77", "time": "2026-03-03T10:00:00Z"}
`
	stdout, err := p.kubectl(list, "suppression", "import")
	if err == nil || !strings.HasPrefix(stdout, "line 3: ") || !strings.HasSuffix(stdout, "\n3 taken, 0 known before, 1 refused\n") {
		t.Fatalf("the import said %v and:\n%s", err, stdout)
	}
	p.mustKubectl(`{"medium": "SMTP", "address": "bob@example.com", "released": true}`, "suppression", "import")
	want := []string{
		fmt.Sprintf(`{"hash":%q,"class":"Manual","time":"2026-03-01T10:00:00Z"}`, nurture.AddressHash(definition.SMTP, "ann@example.com")),
		fmt.Sprintf(`{"hash":%q,"class":"Imported","time":"2026-03-03T10:00:00Z"}`, nurture.AddressHash(definition.Telegram, "77")),
	}
	slices.Sort(want)
	file := filepath.Join(t.TempDir(), "shop.jsonl")
	p.mustKubectl("", "suppression", "export", "-f", file)
	exported, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(string(exported)), "\n")); diff != "" {
		t.Errorf("what was exported differs (-want +got):\n%s", diff)
	}
	for _, says := range []string{"2 taken, 0 known before, 0 refused\n", "0 taken, 2 known before, 0 refused\n"} {
		if stdout := other.mustKubectl("", "suppression", "import", "-f", file); stdout != says {
			t.Errorf("the import into the other said %q, want %q", stdout, says)
		}
	}
	other.kill()
	other.start()
	other.eventually("exported again", func() error {
		again, err := other.kubectl("", "suppression", "export")
		if err == nil && again != string(exported) {
			t.Errorf("after a crash, the other has:\n%s\nwant:\n%s", again, exported)
		}
		return err
	})
	p.terminate()
	other.terminate()
}

func TestConsentsAreExportedAsATable(t *testing.T) {
	t.Parallel()
	p := newPod(t)
	p.start()
	policy := definition.Policy{TimeZone: "UTC", Topics: []definition.Topic{{Name: "news", Title: "News", DoubleOptIn: true}, {Name: "offers", Title: "Offers"}}}
	p.applyAll(defined(t, "MessagingPolicy/sales/shop", &policy))
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	says := func(id, contact, kind string, after time.Duration, data map[string]any) cloudEvent {
		return cloudEvent{SpecVersion: "1.0", ID: id, Source: "form", Type: kind, Subject: contact, Time: at.Add(after), Data: data}
	}
	batch := []cloudEvent{
		says("1", "ann", "consent.given", 0, map[string]any{"topic": "offers", "method": "Checkbox", "textHash": "abc"}),
		says("2", "bob", "consent.given", 0, map[string]any{"topic": "news", "method": "Checkbox"}),
		says("3", "cid", "consent.given", 0, map[string]any{"topic": "offers", "method": "Checkbox"}),
		says("4", "cid", "consent.withdrawn", time.Minute, map[string]any{"method": "Call"}),
	}
	p.eventually("posted", func() error { return p.post(t.Context(), batch) })
	when, later := at.Format(time.RFC3339), at.Add(time.Minute).Format(time.RFC3339)
	want := [][]string{
		{"ann", "offers", "given", when, "Checkbox", "abc", "form", "1", ""},
		{"bob", "news", "pending", when, "Checkbox", "", "form", "2", ""},
		{"cid", "", "withdrawn", later, "Call", "", "form", "4", ""},
		{"cid", "offers", "withdrawn", later, "Call", "", "form", "4", ""},
		{"contact", "topic", "state", "time", "method", "textHash", "source", "id", "confirmed"},
	}
	p.eventually("exported", func() error {
		stdout, err := p.kubectl("", "consent", "export", "-o", "csv")
		if err != nil {
			return err
		}
		got, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
		if err != nil {
			return err
		}
		slices.SortFunc(got, slices.Compare)
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("consents differ (-want +got):\n%s", diff)
		}
		return nil
	})
	if stdout := p.mustKubectl("", "consent", "export"); !strings.Contains(stdout, `"given":{"time":"`+when+`","source":"form","id":"3","method":"Checkbox"}`) {
		t.Errorf("what cid had agreed to is missing:\n%s", stdout)
	}
	p.terminate()
}

func TestCommandsNeedAWorkspace(t *testing.T) {
	t.Parallel()
	root := &cobra.Command{SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(ledger.Commands(ledger.Cluster)...)
	root.SetArgs([]string{"consent", "export"})
	if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "--workspace") {
		t.Errorf("got error %v, want one that asks for --workspace", err)
	}
}
