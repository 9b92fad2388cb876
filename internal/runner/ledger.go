// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/nurture"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	// suppressionsPage and consentsPage are how many addresses and contacts are looked at in one call into a partition, which folds nothing
	// meanwhile.
	suppressionsPage = 1000
	consentsPage     = 128
)

// look asks a partition's fold when it has folded all that its owner appended.
func look[T any](ctx context.Context, p *partition, ask func(*engine.Fold) (T, error)) (T, error) {
	var found T
	err := p.do(ctx, func(l *life, done func(error)) {
		switch {
		case l == nil:
			done(p.unavailable())
		case !l.caughtUp():
			done(errCatchingUp(l))
		default:
			var err error
			found, err = ask(l.folded)
			done(err)
		}
	})
	if err != nil {
		var none T
		return none, err // found may still be written to
	}
	return found, nil
}

// patiently repeats what a partition cannot do because it has not folded its owner's last records yet, which takes it some milliseconds.
func patiently[T any](ctx context.Context, p *partition, ask func(*engine.Fold) (T, error)) (T, error) {
	patience, stop := context.WithTimeout(ctx, reportPatience)
	defer stop()
	for {
		found, err := look(ctx, p, ask)
		if !errors.Is(err, errBehind) {
			return found, err
		}
		select {
		case <-patience.Done():
			return found, err
		case <-time.After(upkeepEvery / 10):
		}
	}
}

// suppressionPage is what Suppressions of a fold gives.
type suppressionPage struct {
	page []record.Suppression
	next string
}

// Suppressions gives the addresses that nothing is sent to: see control.Ledger. An address that only some partitions know yet is among them.
func (r *Runner) Suppressions(ctx context.Context, give func([]control.Suppression) error) error {
	for cursor, more := "", true; more; {
		pages := make([]suppressionPage, len(r.partitions))
		for i, p := range r.partitions {
			var err error
			pages[i], err = patiently(ctx, p, func(f *engine.Fold) (found suppressionPage, err error) {
				found.page, found.next, err = f.Suppressions(cursor, suppressionsPage)
				return found, err
			})
			if err != nil {
				return err
			}
		}
		var merged []control.Suppression
		merged, cursor, more = merge(pages)
		if err := give(merged); err != nil {
			return err
		}
	}
	return nil
}

// merge joins pages of several partitions, up to where the first of them ends; there are more behind that if one has an end.
func merge(pages []suppressionPage) (merged []control.Suppression, end string, more bool) {
	for i := range pages {
		if next := pages[i].next; next != "" && (!more || next < end) {
			end, more = next, true
		}
	}
	var all []record.Suppression
	for i := range pages {
		for _, s := range pages[i].page {
			if !more || s.Address <= end {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b record.Suppression) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Time, b.Time), cmp.Compare(a.Class, b.Class))
	})
	all = slices.CompactFunc(all, func(a, b record.Suppression) bool { return a.Address == b.Address })
	merged = make([]control.Suppression, len(all))
	for i, s := range all {
		merged[i] = control.Suppression{Hash: s.Address, Class: s.Class, Time: s.Time.UTC()}
	}
	return merged, end, more
}

// Suppress notes suppressions and releases in all partitions: see control.Ledger. What it says is news is so to one of them at least.
func (r *Runner) Suppress(ctx context.Context, said []control.Suppression) (news []bool, err error) {
	now := r.clock.believed()
	records := make([]record.Suppression, len(said))
	for i := range said {
		records[i] = suppressionOf(&said[i], now)
	}
	found, errs := make([][]bool, len(r.partitions)), make([]error, len(r.partitions))
	var calls sync.WaitGroup
	for i, p := range r.partitions {
		calls.Go(func() { found[i], errs[i] = p.suppress(ctx, records) })
	}
	calls.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	news = make([]bool, len(said))
	for _, of := range found {
		for i := range of {
			news[i] = news[i] || of[i]
		}
	}
	return news, nil
}

// suppressionOf is what the log holds: no address, and no time to come.
func suppressionOf(said *control.Suppression, now event.Time) record.Suppression {
	x := record.Suppression{Address: said.Hash, Time: now, Released: said.Released}
	if x.Address == "" {
		x.Address = nurture.AddressHash(definition.Medium(said.Medium), said.Address)
	}
	if !said.Released {
		x.Class = cmp.Or(said.Class, control.ClassImported)
	}
	if !said.Time.IsZero() {
		x.Time = min(event.At(said.Time), now)
	}
	return x
}

// suppress appends what is said, but for suppressions that the partition has for certain, and says what was news to it.
func (p *partition) suppress(ctx context.Context, said []record.Suppression) (news []bool, err error) {
	var found []bool
	err = p.do(ctx, func(l *life, done func(error)) {
		if l == nil {
			done(p.unavailable())
			return
		}
		var err error
		found, err = l.suppress(ctx, said)
		done(err)
	})
	if err != nil {
		return nil, err // found may still be written to
	}
	return found, nil
}

func (l *life) suppress(ctx context.Context, said []record.Suppression) (news []bool, err error) {
	times, last := map[string]int{}, map[string]bool{}
	for i := range said {
		times[said[i].Address]++
	}
	r := record.Record{Kind: record.Suppressions}
	for i := range said {
		x := &said[i]
		suppressed, before := last[x.Address]
		if !before {
			suppressed = l.folded.Suppressed(x.Address)
		}
		last[x.Address] = !x.Released
		news = append(news, suppressed == x.Released)
		// A release is appended in any case, as what suppressed before it may lie in the log and not be folded yet.
		if certain := l.caughtUp() && times[x.Address] == 1; x.Released || !suppressed || !certain {
			r.Suppressions = append(r.Suppressions, *x)
		}
	}
	if len(r.Suppressions) == 0 {
		return news, nil
	}
	appended, err := l.append(ctx, &r)
	if err == nil && !appended {
		err = errors.New("the log takes no records now")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: partition %d: %w", control.ErrUnavailable, l.number, err)
	}
	return news, nil
}

// consentPage is what Consents of a fold gives.
type consentPage struct {
	page []engine.Consent
	next string
}

// Consents gives what people said about what they want to be sent, partition by partition: see control.Ledger.
func (r *Runner) Consents(ctx context.Context, give func([]control.Consent) error) error {
	for _, p := range r.partitions {
		for cursor, more := "", true; more; {
			found, err := patiently(ctx, p, func(f *engine.Fold) (found consentPage, err error) {
				found.page, found.next, err = f.Consents(cursor, consentsPage)
				return found, err
			})
			if err != nil {
				return err
			}
			page := make([]control.Consent, 0, len(found.page))
			for i := range found.page {
				page = append(page, consentOf(&found.page[i]))
			}
			if err := give(page); err != nil {
				return err
			}
			cursor, more = found.next, found.next != ""
		}
	}
	return nil
}

// consentOf says how somebody stands, and by which word.
func consentOf(c *engine.Consent) control.Consent {
	said := control.Consent{Contact: c.Contact, Topic: c.Topic, State: control.ConsentGiven, Statement: statement(&c.Given)}
	switch c.Standpoint {
	case nurture.Pending:
		said.State = control.ConsentPending
	case nurture.Withdrawn:
		said.State, said.Statement = control.ConsentWithdrawn, statement(&c.Withdrawn)
		if c.Given.Time != 0 {
			given := statement(&c.Given)
			said.Given = &given
		}
	case nurture.Agreed, nurture.Silent:
		if c.Confirmed.Time != 0 && c.Confirmed.Time >= c.Withdrawn.Time {
			said.Confirmed = c.Confirmed.Time.UTC()
		}
	}
	return said
}

func statement(p *nurture.Proof) control.Statement {
	source, id, _ := strings.Cut(p.Identity, "\x00")
	return control.Statement{Time: p.Time.UTC(), Source: source, ID: id, Method: p.Method, TextHash: p.TextHash}
}

var _ control.Ledger = (*Runner)(nil)
