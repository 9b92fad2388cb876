// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package oracle_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/engine"
	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/oracle/scenarios"
	"github.com/waymark-dev/waymark/internal/record"
	"github.com/waymark-dev/waymark/internal/state"
)

// rival is the engine's fold of the same log.
type rival struct {
	t     failer
	store *state.Memory // nil keeps the fold's state in memory alone
	fold  *engine.Fold
	// said is what the fold said of a claim when it was granted.
	granted map[claimed]grant
}

type claimed struct {
	contact, effect string
	attempt         int
}

// grant is what both must agree on of a message that may leave.
type grant struct{ Scenario, Version, Enrolment, Step, Variant, Channel, Kind string }

// challenge lets a fold follow the play from its beginning on.
func (p *play) challenge(keeps bool) {
	p.rival = &rival{t: p.t, granted: map[claimed]grant{}}
	if keeps {
		p.rival.store = state.NewMemory()
	}
	p.rival.open()
}

func (r *rival) open() {
	r.t.Helper()
	var compiler definition.Compiler
	options := engine.Options{
		TimeZoneData: definition.TimeZoneData, CacheBytes: 1,
		Compile: engine.CompileWith(&compiler),
	}
	if r.store != nil {
		options.Store = r.store
	}
	fold, err := engine.Open(options)
	if err != nil {
		r.t.Fatalf("open fold: %v", err)
	}
	r.fold = fold
}

// step folds a record, and asks for what is needed to send what it granted.
func (r *rival) step(offset uint64, log *record.Record) {
	r.t.Helper()
	if err := r.fold.Step(offset, log); err != nil {
		r.t.Fatalf("step %d: %v", offset, err)
	}
	for _, c := range log.Claims.Claims {
		g, found, err := r.fold.Grant(c.Contact, c.Effect)
		if err != nil {
			r.t.Fatalf("grant: %v", err)
		}
		if found && g.Attempt == c.Attempt {
			r.granted[claimed{c.Contact, c.Effect, c.Attempt}] = grant{
				g.Scenario, g.Version, g.Enrolment, g.Step, g.Variant, g.Channel, string(g.Kind),
			}
		}
	}
}

func (r *rival) commit() {
	r.t.Helper()
	if err := r.fold.Commit(true); err != nil {
		r.t.Fatalf("commit: %v", err)
	}
}

// crash forgets what was not committed and folds it again.
func (r *rival) crash(records []record.Record) {
	r.t.Helper()
	r.open()
	for offset := r.fold.Offset() + 1; offset <= uint64(len(records)); offset++ {
		if err := r.fold.Step(offset, &records[offset-1]); err != nil {
			r.t.Fatalf("step %d again: %v", offset, err)
		}
	}
}

// compare holds all that the fold says against the interpreter.
func (p *play) compare() {
	p.t.Helper()
	if p.rival == nil {
		return
	}
	wanted, others := p.rival.wanted(p.clock)
	if diff := gocmp.Diff(p.truth.Wanted(), wanted); diff != "" {
		p.t.Fatalf("after %d records what is wanted differs (-interpreter +engine):\n%s\n%s", len(p.records), diff, p.latest())
	}
	if diff := gocmp.Diff(grantsOf(p.truth.Facts()), p.rival.granted); diff != "" {
		p.t.Fatalf("after %d records what was granted differs (-interpreter +engine):\n%s\n%s", len(p.records), diff, p.latest())
	}
	report, err := p.rival.fold.Report()
	if err != nil {
		p.t.Fatalf("report: %v", err)
	}
	gotScenarios := map[string]aggregate.Scenario{}
	for _, s := range report.Scenarios {
		gotScenarios[s.Key] = plainScenario(s)
	}
	wantScenarios := p.truth.Scenarios()
	for key, s := range wantScenarios {
		wantScenarios[key] = plainScenario(s)
	}
	if diff := gocmp.Diff(wantScenarios, gotScenarios, cmpopts.EquateEmpty()); diff != "" {
		p.t.Fatalf("after %d records the scenarios differ (-interpreter +engine):\n%s\n%s", len(p.records), diff, p.latest())
	}
	gotChannels := map[string]aggregate.Channel{}
	for _, c := range report.Channels {
		gotChannels[c.Key] = c
	}
	ignored := gocmp.Options{cmpopts.EquateEmpty()}
	if others {
		ignored = append(ignored, cmpopts.IgnoreFields(aggregate.Channel{}, "Waiting", "Oldest"))
	}
	if diff := gocmp.Diff(p.truth.Channels(), gotChannels, ignored); diff != "" {
		p.t.Fatalf("after %d records the channels differ (-interpreter +engine):\n%s\n%s", len(p.records), diff, p.latest())
	}
}

// plainScenario leaves out what is empty, and what the interpreter does not count: how often expressions failed, and what waits for approval.
func plainScenario(s aggregate.Scenario) aggregate.Scenario {
	s.Faults, s.Reach, s.Pending = nil, nil, ""
	steps := map[string]aggregate.Step{}
	for name, step := range s.Steps {
		for variant, share := range step.Variants {
			if share == (aggregate.Share{}) {
				delete(step.Variants, variant)
			}
		}
		if !gocmp.Equal(step, aggregate.Step{}, cmpopts.EquateEmpty()) {
			steps[name] = step
		}
	}
	versions := map[string]aggregate.Share{}
	for id, share := range s.Versions {
		if share != (aggregate.Share{}) {
			versions[id] = share
		}
	}
	s.Steps, s.Versions = steps, versions
	return s
}

func grantsOf(facts []scenarios.Fact) map[claimed]grant {
	all := map[claimed]grant{}
	for _, f := range facts {
		if f.What == scenarios.Granted {
			all[claimed{f.Contact, f.Effect, f.Attempt}] = grant{f.Scenario, f.Version, f.Enrolment, f.Step, f.Variant, f.Channel, f.Kind}
		}
	}
	return all
}

// wanted is what the fold says is to be sent. It leaves out what nobody inside needs any more, and what came when the clock had not come that
// far; others says that there was any such.
func (r *rival) wanted(clock event.Time) (all []scenarios.Wish, others bool) {
	for _, channel := range r.fold.WantedChannels() {
		for _, x := range r.fold.Wanted(channel, 1000, func(string) bool { return false }) {
			if _, live, _ := r.fold.Grant(x.Contact, x.ID); x.Claimed && !live {
				others = true
				continue
			}
			if x.NotBefore > clock && !x.Claimed {
				others = true
				continue
			}
			all = append(all, scenarios.Wish{
				Contact: x.Contact, Effect: x.ID, Scenario: x.Scenario, Channel: channel, Kind: string(x.Kind), NotBefore: x.NotBefore,
				Attempt: x.Attempt, Claimed: x.Claimed,
			})
		}
	}
	slices.SortFunc(all, func(a, b scenarios.Wish) int {
		return cmp.Or(cmp.Compare(a.NotBefore, b.NotBefore), cmp.Compare(a.Contact, b.Contact), cmp.Compare(a.Effect, b.Effect))
	})
	return all, others
}

// latest tells what happened last, and the records around it.
func (p *play) latest() string {
	var b strings.Builder
	facts := p.truth.Facts()
	for _, f := range facts[max(0, len(facts)-15):] {
		_, _ = fmt.Fprintf(&b, "%v %s: %s %s of %s at %s, %s %s %s %d\n", // a builder takes all
			f.At.UTC(), f.Scenario, f.What, f.Contact, f.Enrolment, f.Step, f.Detail, f.Variant, f.Effect, f.Attempt)
	}
	for i := max(0, len(p.records)-6); i < len(p.records); i++ {
		r := p.records[i]
		_, _ = fmt.Fprintf(&b, "%d: kind %d, tick %v, claims %+v, standing %s %s, apply %s %s\n", i+1, r.Kind, r.Tick.UTC(), r.Claims, r.Standing.Key,
			r.Standing.Standing, r.Apply.Key, r.Apply.Definition)
		for rest := r.Chunk; len(rest) > 0; {
			var e event.Event
			rest, _ = event.Next(rest, &e) // what was encoded here can be read
			_, _ = fmt.Fprintf(&b, "   %s of %q from %q at %v received %v %s\n", e.Type, e.Contact, e.Origin, e.Time.UTC(), e.Received.UTC(), e.Data)
		}
		for _, s := range r.Signals {
			_, _ = fmt.Fprintf(&b, "   %+v %s\n", s, s.Data)
		}
	}
	_, _ = fmt.Fprintf(&b, "%q\n", p.log)
	return b.String()
}
