// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package simulate_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/simulate"
)

const shopFunnel = `apiVersion: marketing.waymark.dev/v1alpha1
kind: Funnel
metadata: {name: shop}
spec:
  workspaceRef: {name: default}
  stages:
  - {name: visit, event: page.viewed}
  - {name: cart, event: product.added, dropAfter: 1h}
  - {name: purchase, event: order.completed, value: event.data.total}
  window: 1d
  period: {rollingDays: 7}
`

const shopFeed = `apiVersion: marketing.waymark.dev/v1alpha1
kind: EventFeed
metadata: {name: web}
spec:
  workspaceRef: {name: default}
  http: {protocols: [CloudEvents, Webhook]}
  allowTypes: [page.viewed, "product.*", order.completed]
  mapping:
    contact: "has(body.user) ? body.user : event.contact"
    type: "has(body.what) ? body.what : event.type"
    time: "has(body.at) ? body.at : event.time"
    drop: "has(body.test) && body.test == 'yes'"
`

// cloudEvent writes one line of JSON.
func cloudEvent(id int, contact, eventType, at, data string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":"%d","source":"web","type":%q,"subject":%q,"time":%q,"data":%s}`, id, eventType, contact, at, data)
}

// shopEvents are what two people did: ann buys, bob leaves a cart.
func shopEvents() []string {
	return []string{
		cloudEvent(1, "ann", "page.viewed", "2026-11-02T10:00:00Z", "{}"),
		cloudEvent(2, "ann", "product.added", "2026-11-02T10:05:00Z", "{}"),
		cloudEvent(3, "ann", "order.completed", "2026-11-02T10:20:00Z", `{"total":1990.5}`),
		cloudEvent(4, "bob", "page.viewed", "2026-11-02T11:00:00+03:00", "{}"),
		cloudEvent(5, "bob", "product.added", "2026-11-02T11:10:00+03:00", "{}"),
		cloudEvent(1, "ann", "page.viewed", "2026-11-02T10:00:00Z", "{}"), // sent twice
		cloudEvent(6, "eve", "page.viewed", "2026-11-03T10:00:00Z", "{}"),
	}
}

// files writes files into a directory of their own and gives their paths.
func files(t testing.TB, contents ...string) []string {
	t.Helper()
	directory := t.TempDir()
	paths := make([]string, len(contents))
	for i, content := range contents {
		paths[i] = filepath.Join(directory, fmt.Sprintf("f%d", i))
		if err := os.WriteFile(paths[i], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func run(t testing.TB, manifests, events []string, edit ...func(*simulate.Options)) (*simulate.Result, error) {
	t.Helper()
	o := simulate.Options{Manifests: manifests, Events: events, Namespace: "default"}
	for _, e := range edit {
		e(&o)
	}
	return simulate.Run(t.Context(), o)
}

func until(text string) func(*simulate.Options) {
	return func(o *simulate.Options) {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		o.Until = t
	}
}

// stages writes "entered/converted/inProgress/dropped" of each stage.
func stages(fn v1alpha1.Funnel) string {
	var all []string
	for _, s := range fn.Status.Stages {
		all = append(all, fmt.Sprintf("%d/%d/%d/%d", s.Entered, s.Converted, s.InProgress, s.Dropped))
	}
	return strings.Join(all, " ")
}

func TestRunWithAFunnelAlone(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		until string
		want  string
		as    string
	}{
		"to the last event":            {want: "3/2/1/0 2/1/0/1 1/1/0/0", as: "2026-11-03T10:00:00Z"},
		"while the cart is still warm": {until: "2026-11-02T08:30:00Z", want: "1/1/0/0 1/0/1/0 0/0/0/0", as: "2026-11-02T08:30:00Z"},
		"when all is over":             {until: "2026-11-05T00:00:00Z", want: "3/2/0/1 2/1/0/1 1/1/0/0", as: "2026-11-05T00:00:00Z"},
		"before anybody came":          {until: "2026-01-01T00:00:00Z", want: "0/0/0/0 0/0/0/0 0/0/0/0", as: "2026-01-01T00:00:00Z"},
		"when the period is over":      {until: "2026-12-01T00:00:00Z", want: "0/0/0/0 0/0/0/0 0/0/0/0", as: "2026-12-01T00:00:00Z"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var edit []func(*simulate.Options)
			if tt.until != "" {
				edit = append(edit, until(tt.until))
			}
			result, err := run(t, files(t, shopFunnel), files(t, strings.Join(shopEvents(), "\n")), edit...)
			if err != nil {
				t.Fatal(err)
			}
			if got := stages(funnelOf(t, result)); got != tt.want {
				t.Errorf("stages are %s, want %s", got, tt.want)
			}
			if got := result.AsOf.Format(time.RFC3339); got != tt.as {
				t.Errorf("the numbers are as of %s, want %s", got, tt.as)
			}
			if len(result.Resources) != 1 {
				t.Errorf("%d resources, want the Funnel alone", len(result.Resources))
			}
		})
	}
}

func TestRunTellsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	var notices []string
	_, err := run(t, files(t, shopFunnel+"---\napiVersion: v1\nkind: Secret\nmetadata: {name: key}\n"), files(t, strings.Join(shopEvents(), "\n")),
		until("2026-11-02T09:00:00Z"), func(o *simulate.Options) {
			o.Notice = func(text string) { notices = append(notices, text[strings.LastIndex(text, "/")+1:]) }
		})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"f0:13: Secret key is none of Waymark's resources and was passed over", "5 events after 2026-11-02T09:00:00Z were left out"}
	if diff := gocmp.Diff(want, notices); diff != "" {
		t.Errorf("notices differ (-want +got):\n%s", diff)
	}
}

func TestEventsPassThroughTheFeed(t *testing.T) {
	t.Parallel()
	table := "user;what;at;test\nzoe;page.viewed;2026-11-02 12:00:00;\nzoe;product.added;2026-11-02 12:01;\nzoe;order.completed;1793620920;yes\nzoe;cart.opened;2026-11-02 12:02:00;\n"
	lines := append(shopEvents(), cloudEvent(9, "ann", "cart.opened", "2026-11-02T10:00:00Z", "{}"))
	for name, in := range map[string]struct {
		events []string
		want   *v1alpha1.EventCounts
		stages string
	}{
		"a table": {
			events: []string{table}, stages: "1/1/0/0 1/0/1/0 0/0/0/0",
			want: &v1alpha1.EventCounts{Accepted: 2, Dropped: 1, Rejected: 1, Rejections: []v1alpha1.RejectionCount{{Reason: v1alpha1.RejectionTypeNotAllowed, Count: 1}}},
		},
		"a table and CloudEvents": {
			events: []string{table, strings.Join(lines, "\n")}, stages: "4/3/1/0 3/1/0/2 1/1/0/0",
			want: &v1alpha1.EventCounts{Accepted: 9, Dropped: 1, Rejected: 2, Rejections: []v1alpha1.RejectionCount{{Reason: v1alpha1.RejectionTypeNotAllowed, Count: 2}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := run(t, files(t, shopFunnel, shopFeed), files(t, in.events...))
			if err != nil {
				t.Fatal(err)
			}
			if got := stages(funnelOf(t, result)); got != in.stages {
				t.Errorf("stages are %s, want %s", got, in.stages)
			}
			got, _ := result.Resources[1].Object["status"].(map[string]any)["events"].(map[string]any)
			if got["accepted"] != in.want.Accepted || got["dropped"] != in.want.Dropped || got["rejected"] != in.want.Rejected {
				t.Errorf("the feed's counts are %v, want %+v", got, in.want)
			}
		})
	}
}

// visit writes one line of what a visitor did, with the contact if it is known.
func visit(id int, visitor, contact, eventType, at, data string) string {
	if contact != "" {
		contact = fmt.Sprintf(`"subject":%q,`, contact)
	}
	return fmt.Sprintf(`{"id":"%d","source":"web","type":%q,%s"anonymousid":%q,"time":%q,"data":%s}`, id, eventType, contact, visitor, at, data)
}

func TestVisitorsAreCountedAsTheContactsThatTheyAre(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		manifests, events []string
		want              string
	}{
		"who identifies at checkout is one contact": {
			[]string{shopFunnel}, []string{
				visit(1, "v1", "", "page.viewed", "2026-11-02T10:00:00Z", "{}"),
				visit(2, "v1", "", "product.added", "2026-11-02T10:05:00Z", "{}"),
				visit(3, "v1", "ann", "identify", "2026-11-02T10:10:00Z", "{}"),
				cloudEvent(4, "ann", "order.completed", "2026-11-02T10:20:00Z", `{"total":1990.5}`),
				visit(5, "v2", "", "page.viewed", "2026-11-02T10:00:00Z", "{}"),
			}, "2/1/1/0 1/1/0/0 1/1/0/0",
		},
		"two people of one browser stay two": {
			[]string{shopFunnel}, []string{
				visit(1, "v1", "", "page.viewed", "2026-11-02T10:00:00Z", "{}"),
				visit(2, "v1", "ann", "identify", "2026-11-02T10:10:00Z", "{}"),
				visit(3, "v1", "", "page.viewed", "2026-11-02T10:15:00Z", "{}"),
				visit(4, "v1", "bob", "identify", "2026-11-02T10:20:00Z", "{}"),
			}, "2/0/2/0 0/0/0/0 0/0/0/0",
		},
		"an alias joins what two ids did": {
			[]string{shopFunnel}, []string{
				cloudEvent(1, "ann", "page.viewed", "2026-11-02T10:00:00Z", "{}"),
				cloudEvent(2, "anna", "product.added", "2026-11-02T10:05:00Z", "{}"),
				cloudEvent(3, "ann", "alias", "2026-11-02T10:06:00Z", `{"previousId":"anna"}`),
			}, "1/1/0/0 1/0/1/0 0/0/0/0",
		},
		"a public feed joins no known contacts": {
			[]string{shopFunnel, strings.Replace(shopFeed, "allowTypes:", "trust: Public\n  allowTypes: [alias, page.viewed] #", 1) + "\n"}, []string{
				cloudEvent(1, "ann", "page.viewed", "2026-11-02T10:00:00Z", "{}"),
				cloudEvent(2, "anna", "page.viewed", "2026-11-02T10:05:00Z", "{}"),
				cloudEvent(3, "ann", "alias", "2026-11-02T10:06:00Z", `{"previousId":"anna"}`),
			}, "2/0/2/0 0/0/0/0 0/0/0/0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := run(t, files(t, tt.manifests...), files(t, strings.Join(tt.events, "\n")))
			if err != nil {
				t.Fatal(err)
			}
			if got := stages(funnelOf(t, result)); got != tt.want {
				t.Errorf("stages are %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	event := shopEvents()[0]
	inWorkspace := "apiVersion: marketing.waymark.dev/v1alpha1\nkind: Workspace\nmetadata: {name: default, namespace: plane}\nspec: {eventLog: {embedded: {storage: 1Gi}}}\n---\n"
	tests := map[string]struct {
		manifest string
		events   string
		feed     string
		want     string
	}{
		"an expression that does not compile": {
			manifest: strings.Replace(shopFunnel, "event: product.added", "event: product.added, where: 'evnt.data.price > 0'", 1), events: event,
			want: "f0:8: Funnel shop: spec.stages[1].where: ",
		},
		"what makes no sense": {
			manifest: shopFunnel + "  exclusions: [{event: order.cancelled, before: visit}]\n", events: event,
			want: "f0:12: Funnel shop: spec.exclusions: nothing takes out whoever has not reached the first stage",
		},
		"a time zone that does not exist": {
			manifest: strings.Replace(inWorkspace, "spec: {", "spec: {timeZone: Europe/Moskau, ", 1) + shopFunnel, events: event,
			want: "f0:4: Workspace default: spec.timeZone: Invalid value: \"Europe/Moskau\": there is no such time zone",
		},
		"a workspace that does not admit the namespace": {
			manifest: inWorkspace + strings.Replace(shopFunnel, "{name: default}", "{name: default, namespace: plane}", 1), events: event,
			want: "f0:10: Funnel shop: spec.workspaceRef.namespace: Invalid value: \"plane\": workspace plane/default does not admit namespace default",
		},
		"no funnel": {manifest: shopFeed, events: event, want: "the manifests hold no Funnel, NurtureScenario, Segment or Journey: there is nothing to count"},
		"several feeds": {
			manifest: shopFunnel + "---\n" + shopFeed + "---\n" + strings.Replace(shopFeed, "name: web", "name: app", 1), events: event,
			want: "the manifests hold several EventFeeds: choose the one that the events pass through with --feed: default/web, default/app",
		},
		"a feed that is not there": {manifest: shopFunnel, events: event, feed: "web", want: "no EventFeed \"web\" in the manifests: there are none"},
		"no events":                {manifest: shopFunnel, events: "\n", want: "the files hold no events, so there is no last event to stop at: give the instant with --until"},
		"an event without a contact": {
			manifest: shopFunnel, events: event + "\n" + strings.Replace(event, `"subject":"ann",`, "", 1),
			want: "f0:2: subject: is missing or empty: every event needs one",
		},
		"an event without an id": {
			manifest: shopFunnel, events: strings.Replace(event, `"id":"1"`, `"id":" "`, 1), want: "f0:1: id: is missing or empty",
		},
		"an event without a time": {
			manifest: shopFunnel, events: strings.Replace(event, `"time":"2026-11-02T10:00:00Z",`, "", 1), want: "f0:1: time: is missing",
		},
		"an event of before the clocks": {
			manifest: shopFunnel, events: strings.Replace(event, "2026-11-02", "1066-10-14", 1), want: "f0:1: time: 1066-10-14T10:00:00Z lies before 1970 or after 9999",
		},
		"an event of Waymark's own": {
			manifest: shopFunnel, events: strings.Replace(event, "page.viewed", "waymark.drop", 1), want: "f0:1: type: types that begin with waymark. are Waymark's own",
		},
		"an event whose data is no object": {
			manifest: shopFunnel, events: strings.Replace(event, `"data":{}`, `"data":[1]`, 1), want: "f0:1: data: is no JSON object",
		},
		"a type with a control character": {
			manifest: shopFunnel, events: strings.Replace(event, "page.viewed", `page\u0007viewed`, 1), want: "f0:1: type: contains a control character",
		},
		"a contact that is too long": {
			manifest: shopFunnel, events: strings.Replace(event, "ann", strings.Repeat("ann", 100), 1), want: "f0:1: subject: has 300 bytes, more than 255",
		},
		"a table without a feed": {
			manifest: shopFunnel, events: "user,what\nann,page.viewed\n",
			want: "f0:2: is a table, which is read with the mapping of an EventFeed: add one with -f",
		},
		"a table and a feed that cannot map": {
			manifest: shopFunnel + "---\n" + shopFeed[:strings.Index(shopFeed, "  http")] + "  http: {protocols: [CloudEvents]}\n", events: "user,what\nann,page.viewed\n",
			want: "f0:2: is a table, which is read with the mapping of an EventFeed: EventFeed web has no spec.mapping",
		},
		"a table and a mapping without a time": {
			manifest: shopFunnel + "---\n" + shopFeed[:strings.Index(shopFeed, "    time")], events: "user,what\nann,page.viewed\n",
			want: "f0:2: is a table, which is read with the mapping of an EventFeed: EventFeed web has no spec.mapping.time",
		},
		"a row without a contact": {
			manifest: shopFunnel + "---\n" + shopFeed, events: "user,what,at\n,page.viewed,2026-11-02 12:00\n", want: "f0:2: mapping.contact: ",
		},
		"a row with a time that is none": {
			manifest: shopFunnel + "---\n" + shopFeed, events: "user,what,at\nann,page.viewed,soon\n", want: "f0:2: mapping.time: ",
		},
		"a row without a time": {
			manifest: shopFunnel + "---\n" + shopFeed, events: "user,what,at\nann,page.viewed,\n", want: "f0:2: mapping.time: is missing",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := run(t, files(t, tt.manifest), files(t, tt.events), func(o *simulate.Options) { o.Feed = tt.feed })
			if err == nil {
				t.Fatalf("simulated %d resources, want the error %q", len(result.Resources), tt.want)
			}
			got := err.Error()
			if at := strings.Index(got, "/f0:"); at >= 0 {
				got = got[at+1:]
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("error is\n%s\nwant it to begin with\n%s", got, tt.want)
			}
			if strings.Contains(got, "ann") && !strings.Contains(tt.want, "ann") {
				t.Errorf("the error tells the contact: %s", got)
			}
		})
	}
}

func TestTheOrderOfEventsAndFilesDoesNotMatter(t *testing.T) {
	t.Parallel()
	types := []string{"page.viewed", "product.added", "order.completed", "other"}
	rapid.Check(t, func(rt *rapid.T) {
		var lines []string
		for i := range rapid.IntRange(1, 60).Draw(rt, "events") {
			at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 300).Draw(rt, "minutes")) * 10 * time.Minute)
			lines = append(lines, cloudEvent(i, rapid.SampledFrom([]string{"ann", "bob", "eve"}).Draw(rt, "contact"),
				rapid.SampledFrom(types).Draw(rt, "type"), at.Format(time.RFC3339), fmt.Sprintf(`{"total":%d}`, i)))
		}
		manifests := files(t, shopFunnel)
		want, err := run(t, manifests, files(t, strings.Join(lines, "\n")))
		if err != nil {
			rt.Fatal(err)
		}
		shuffled := rapid.Permutation(lines).Draw(rt, "order")
		cut := rapid.IntRange(0, len(shuffled)).Draw(rt, "cut")
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := io.WriteString(w, strings.Join(shuffled[:cut], "\n")); err != nil {
			rt.Fatal(err)
		}
		if err := w.Close(); err != nil {
			rt.Fatal(err)
		}
		partitions := rapid.IntRange(1, 5).Draw(rt, "partitions")
		workspace := fmt.Sprintf("apiVersion: marketing.waymark.dev/v1alpha1\nkind: Workspace\nmetadata: {name: default}\nspec: {eventLog: {partitions: %d, embedded: {storage: 1Gi}}}\n", partitions)
		got, err := run(t, append(manifests, files(t, workspace)...), files(t, packed.String(), strings.Join(shuffled[cut:], "\n")))
		if err != nil {
			rt.Fatal(err)
		}
		if diff := gocmp.Diff(withoutConditions(funnelOf(t, want).Status), withoutConditions(funnelOf(t, got).Status)); diff != "" {
			rt.Fatalf("another order in other files and %d partitions gives another status (-in order +shuffled):\n%s", partitions, diff)
		}
	})
}
