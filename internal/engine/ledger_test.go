// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// suppressionsOf reads all pages.
func suppressionsOf(t testing.TB, f *engine.Fold, most int) (all []record.Suppression) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := f.Suppressions(cursor, most)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > most {
			t.Fatalf("a page of %d, want %d at most", len(page), most)
		}
		if all = append(all, page...); next == "" {
			return all
		}
		if next <= cursor {
			t.Fatalf("the cursor went from %q to %q", cursor, next)
		}
		cursor = next
	}
}

// What is suppressed is listed whole, whatever of it lies in the store already and however large the pages are.
func TestSuppressionsAreListedWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f, err := engine.Open(engine.Options{Compile: compile, Store: state.NewMemory()})
		if err != nil {
			rt.Fatal(err)
		}
		offset, want := uint64(0), map[string]record.Suppression{}
		for range rapid.IntRange(0, 40).Draw(rt, "records") {
			x := record.Suppression{
				Address: fmt.Sprintf("%032x", rapid.IntRange(0, 12).Draw(rt, "address")), Class: "Manual", Time: noon.Add(time.Duration(offset) * time.Second),
				Released: rapid.IntRange(0, 2).Draw(rt, "released") == 0,
			}
			offset++
			if err := f.Step(offset, &record.Record{Kind: record.Suppressions, Suppressions: []record.Suppression{x}}); err != nil {
				rt.Fatal(err)
			}
			if _, has := want[x.Address]; x.Released {
				delete(want, x.Address)
			} else if !has {
				want[x.Address] = x
			}
			if rapid.IntRange(0, 4).Draw(rt, "commit") == 0 {
				if err := f.Commit(false); err != nil {
					rt.Fatal(err)
				}
			}
		}
		got := map[string]record.Suppression{}
		for _, x := range suppressionsOf(t, f, rapid.IntRange(1, 5).Draw(rt, "page")) {
			got[x.Address] = x
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("what is suppressed differs (-want +got):\n%s", diff)
		}
		for address := range want {
			if !f.Suppressed(address) {
				rt.Fatalf("%s is listed and not suppressed", address)
			}
		}
	})
}

// said is a short form of how somebody stands.
func said(c *engine.Consent) string {
	state := map[nurture.Standpoint]string{nurture.Agreed: "given", nurture.Pending: "pending", nurture.Withdrawn: "withdrawn"}[c.Standpoint]
	last := c.Given
	if c.Standpoint == nurture.Withdrawn {
		last = c.Withdrawn
	}
	_, id, _ := strings.Cut(last.Identity, "\x00")
	return fmt.Sprintf("%s/%s %s by %s", c.Contact, c.Topic, state, id)
}

func TestConsentsAreListedWithTheWordThatCounts(t *testing.T) {
	t.Parallel()
	stores := map[string]engine.Store{"in memory": nil, "in a store": state.NewMemory()}
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := openDesk(t, store)
			policy := definition.Policy{TimeZone: "UTC", Topics: []definition.Topic{{Name: "news", Title: "News", DoubleOptIn: true}, {Name: "offers", Title: "Offers"}}}
			d.step(hosting(t, policyKey, &policy))
			d.happens("cid", event.ConsentGivenType, `{"topic":"offers","method":"Checkbox","textHash":"abc"}`) // 2: ann's address was 1
			d.happens("ann", event.ConsentGivenType, `{"topic":"news"}`)
			d.happens("bob", event.ConsentGivenType, `{"topic":"offers"}`)
			if err := d.fold.Commit(false); err != nil {
				t.Fatal(err)
			}
			d.later(time.Minute)
			d.happens("bob", event.ConsentWithdrawn, `{}`) // 5
			d.happens("dan", event.ConsentGivenType, `{"topic":"news"}`)
			d.happens("dan", event.ConsentGiven, `{"topic":"news","confirmed":true}`)
			want := []string{
				"ann/news pending by 3", "bob/ withdrawn by 5", "bob/offers withdrawn by 5", "cid/offers given by 2", "dan/news given by 7",
			}
			for _, most := range []int{1, 2, 3, 100} {
				var got []string
				for cursor, more := "", true; more; {
					page, next, err := d.fold.Consents(cursor, most)
					if err != nil {
						t.Fatal(err)
					}
					for i := range page {
						got = append(got, said(&page[i]))
					}
					cursor, more = next, next != ""
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("in pages of %d, consents differ (-want +got):\n%s", most, diff)
				}
			}
			page, _, err := d.fold.Consents("bob", 1)
			if err != nil || len(page) != 1 {
				t.Fatalf("got %v, %v, want cid's consent", page, err)
			}
			if p := page[0].Given; p.Method != "Checkbox" || p.TextHash != "abc" || p.Time != noon {
				t.Errorf("the proof is %+v", p)
			}
		})
	}
}
