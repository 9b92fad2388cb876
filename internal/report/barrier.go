// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/aggregate"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/stats"
)

// How much of a Journey's evidence fits its status.
const (
	maxBarriers    = 16
	maxSuggestions = 10
	maxMet         = 8
)

// judged is something that happens at a stage, with what follows from its numbers.
type judged struct {
	stage       int
	name        string // of the barrier, or the type of the event
	sight       aggregate.Sight
	crude       stats.Table
	association stats.Association
	attribution stats.Attribution
	finding     stats.Finding
}

// at judges what was seen at a stage, but for how it stands among others.
func (m *mapped) at(stage int, name string, sight aggregate.Sight) judged {
	evidence := &m.journey.Stages[stage]
	j := judged{stage: stage, name: name, sight: sight, crude: stats.Table{
		ExposedDropped: sight.Seen.Dropped, ExposedConverted: sight.Seen.Converted,
		UnexposedDropped: evidence.All.Dropped - sight.Seen.Dropped, UnexposedConverted: evidence.All.Converted - sight.Seen.Converted,
	}}
	tables := make([]stats.Table, len(aggregate.LandmarkTimes))
	for k := range tables {
		now, there, before := sight.Now[k], evidence.There[k], sight.Before[k]
		tables[k] = stats.Table{
			ExposedDropped: now.Dropped, ExposedConverted: now.Converted,
			UnexposedDropped: there.Dropped - before.Dropped, UnexposedConverted: there.Converted - before.Converted,
		}
	}
	j.association = stats.Associate(tables)
	j.attribution = stats.Attribute(j.crude, j.association.Relative, stats.Z95)
	return j
}

// judge judges the barriers that have a signal against each other, in the order of the probes.
func (m *mapped) judge() []judged {
	var all []judged
	m.eachProbe(func(p *definition.Probe, sight aggregate.Sight) {
		if p.Kind == definition.ProbeBarrier {
			all = append(all, m.at(p.Stage, p.Name, sight))
		}
	})
	associations := make([]stats.Association, len(all))
	for i := range all {
		associations[i] = all[i].association
	}
	for i, finding := range stats.Judge(associations) {
		all[i].finding = finding
	}
	return all
}

// eachProbe visits the probes with what they saw.
func (m *mapped) eachProbe(visit func(*definition.Probe, aggregate.Sight)) {
	at := make([]int, len(m.journey.Stages))
	for i := range m.Probes {
		p := &m.Probes[i]
		visit(p, m.journey.Stages[p.Stage].Probes[at[p.Stage]])
		at[p.Stage]++
	}
}

// attributable is how many drop-offs at the stage go with it.
func (m *mapped) attributable(j *judged) float64 {
	return j.attribution.Fraction * float64(m.journey.Stages[j.stage].All.Dropped)
}

// leading is the barrier at the weakest transition to which most drop-offs can be attributed, of those that chance does not explain; nil without any.
func (m *mapped) leading() *judged {
	var leading *judged
	for i := range m.judged {
		j := &m.judged[i]
		if m.isWeakest(j.stage) && j.finding.Significant && (leading == nil || m.attributable(j) > m.attributable(leading)) {
			leading = j
		}
	}
	return leading
}

func (m *mapped) isWeakest(stage int) bool {
	return m.weakest != nil && m.specs[stage].Name == m.weakest.From
}

// barriers are all of the map: the significant ones first, then those with more drop-offs that can be attributed to them, then as the map has them.
func (m *mapped) barriers() []v1alpha1.BarrierStatus {
	type entry struct {
		status v1alpha1.BarrierStatus
		people float64
	}
	var all []entry
	for i := range m.Journey.Spec.Stages {
		stage := &m.Journey.Spec.Stages[i]
		for b := range stage.Barriers {
			status, of := m.barrier(stage, &stage.Barriers[b])
			e := entry{status: status}
			if of != nil {
				e.people = m.attributable(of)
			}
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int {
		if a.status.Significant != b.status.Significant {
			return map[bool]int{true: -1, false: 1}[a.status.Significant]
		}
		return cmp.Compare(b.people, a.people)
	})
	var statuses []v1alpha1.BarrierStatus
	for _, e := range all[:min(len(all), maxBarriers)] {
		statuses = append(statuses, e.status)
	}
	return statuses
}

// barrier writes down one barrier; of is nil where nothing is counted of it.
func (m *mapped) barrier(stage *v1alpha1.JourneyStage, spec *v1alpha1.Barrier) (status v1alpha1.BarrierStatus, of *judged) {
	status = v1alpha1.BarrierStatus{Stage: stage.Name, Name: spec.Name, Declared: declared(spec)}
	at, found := m.indexOf(stage.Name)
	if i := slices.IndexFunc(m.judged, func(j judged) bool { return found && j.stage == at && j.name == spec.Name }); i >= 0 {
		of = &m.judged[i]
		status.State, status.Significant = stateOf(of), of.finding.Significant
		status.Association = m.association(of)
		return status, of
	}
	status.State = m.uncounted(spec, at, found)
	return status, nil
}

func declared(spec *v1alpha1.Barrier) int32 {
	var people int32
	for _, e := range spec.Evidence {
		people += max(e.Count, 1)
	}
	return people
}

func stateOf(j *judged) string {
	switch a := j.association; {
	case !a.Enough():
		return notEnough(a.Compared, a.Needed)
	case j.finding.Significant:
		return "those who meet it leave more often"
	case j.finding.Adjusted <= stats.SignificanceAlpha:
		return "those who meet it leave less often"
	}
	return "the difference may be chance"
}

func notEnough(have, needed int64) string {
	const most = 1_000_000
	return fmt.Sprintf("not enough data yet (%d of %d)", min(have, most), min(needed, most))
}

// uncounted says why nothing is counted of a barrier.
func (m *mapped) uncounted(spec *v1alpha1.Barrier, stage int, ofFunnel bool) string {
	switch {
	case !ofFunnel || stage >= len(m.journey.Stages):
		return "not counted: nobody leaves the funnel at this stage"
	case len(spec.Signals) == 0:
		return "not counted: it has no signal"
	case stage >= len(m.journey.Survey):
		return "not counted: nobody is asked"
	}
	var named, answered int64
	for _, group := range m.journey.Survey[stage] {
		named += group.Answers[spec.Name]
		for _, n := range group.Answers {
			answered += n
		}
	}
	return fmt.Sprintf("named by %d of %d who answered", named, answered)
}

func (m *mapped) association(j *judged) *v1alpha1.Association {
	return &v1alpha1.Association{
		With:         v1alpha1.Outcome{Dropped: j.crude.ExposedDropped, Converted: j.crude.ExposedConverted},
		Without:      v1alpha1.Outcome{Dropped: j.crude.UnexposedDropped, Converted: j.crude.UnexposedConverted},
		Share:        rate(j.crude.ExposedDropped, m.journey.Stages[j.stage].All.Dropped),
		RelativeRisk: j.relativeRisk(),
		P:            j.chance(),
		Attributable: m.attributed(j),
		Revenue:      m.attributedValue(j),
	}
}

func (j *judged) relativeRisk() *v1alpha1.Estimate {
	interval := j.association.Relative.Interval(stats.Z95)
	return estimate(j.association.Relative.Estimate, interval, 2)
}

// chance is empty while there is too little to tell.
func (j *judged) chance() string {
	if !j.association.Enough() {
		return ""
	}
	const least = 0.0001
	if j.finding.Adjusted < least {
		return "<0.0001"
	}
	return strconv.FormatFloat(j.finding.Adjusted, 'f', 4, 64)
}

// attributed is nil while there is too little to tell.
func (m *mapped) attributed(j *judged) *v1alpha1.Estimate {
	dropped := float64(m.journey.Stages[j.stage].All.Dropped)
	if !j.association.Enough() || dropped == 0 {
		return nil
	}
	a := j.attribution
	return estimate(a.Fraction*dropped, stats.Interval{Low: a.Interval.Low * dropped, High: a.Interval.High * dropped}, 1)
}

func (m *mapped) attributedValue(j *judged) v1alpha1.Decimal {
	if !j.association.Enough() {
		return ""
	}
	return m.valueOf(j.stage, m.attributable(j))
}

// suggestions are what those who leave met more often, of all types of events that came at any stage.
func (m *mapped) suggestions() []v1alpha1.SuggestedBarrier {
	var all []judged
	for stage := range m.journey.Stages {
		types := m.journey.Stages[stage].Types
		for _, event := range slices.Sorted(maps.Keys(types)) {
			all = append(all, m.at(stage, event, types[event]))
		}
	}
	associations := make([]stats.Association, len(all))
	for i := range all {
		associations[i] = all[i].association
	}
	for i, finding := range stats.Suggest(associations) {
		all[i].finding = finding
	}
	all = slices.DeleteFunc(all, func(j judged) bool { return !j.finding.Significant })
	slices.SortStableFunc(all, func(a, b judged) int { return cmp.Compare(m.attributable(&b), m.attributable(&a)) })
	var statuses []v1alpha1.SuggestedBarrier
	for i := range all[:min(len(all), maxSuggestions)] {
		a := m.association(&all[i])
		statuses = append(statuses, v1alpha1.SuggestedBarrier{
			Stage: m.specs[all[i].stage].Name, Event: v1alpha1.EventType(all[i].name),
			With: a.With, Share: a.Share, RelativeRisk: a.RelativeRisk, P: a.P, Attributable: a.Attributable,
		})
	}
	return statuses
}

// met is what was seen of touchpoints and behaviours.
func (m *mapped) met() []v1alpha1.MetStatus {
	kinds := map[definition.ProbeKind]v1alpha1.MetKind{
		definition.ProbeTouchpoint: v1alpha1.MetTouchpoint, definition.ProbeBehaviour: v1alpha1.MetBehaviour,
	}
	var all []v1alpha1.MetStatus
	m.eachProbe(func(p *definition.Probe, sight aggregate.Sight) {
		kind, is := kinds[p.Kind]
		if !is || len(all) == maxMet {
			return
		}
		at := m.journey.Stages[p.Stage].All
		all = append(all, v1alpha1.MetStatus{
			Stage: m.specs[p.Stage].Name, Kind: kind, Name: p.Name,
			With:    v1alpha1.Outcome{Dropped: sight.Seen.Dropped, Converted: sight.Seen.Converted},
			Reached: rate(sight.Seen.Dropped+sight.Seen.Converted, at.Dropped+at.Converted),
		})
	})
	return all
}

// EvidenceReady says, as a condition without a transition time, whether enough is known of the weakest stage of a journey's status to tell why people
// leave there: True when a barrier is found, or when enough people met each of those that are counted.
func EvidenceReady(status *v1alpha1.JourneyStatus) *metav1.Condition {
	c := &metav1.Condition{Type: v1alpha1.ConditionEvidenceReady, Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonNoBottleneck,
		Message: "nobody is lost, so that no stage is the weakest"}
	if status.Weakest == nil {
		return c
	}
	from := status.Weakest.From
	var missing []string
	counted, found := 0, ""
	for i := range status.Barriers {
		b := &status.Barriers[i]
		if b.Stage != from || b.Association == nil {
			continue
		}
		counted++
		if b.Significant && found == "" {
			found = b.Name
		}
		if b.Association.P == "" {
			missing = append(missing, b.Name+": "+b.State)
		}
	}
	switch {
	case counted == 0:
		c.Status, c.Reason = metav1.ConditionFalse, v1alpha1.ReasonNoSignals
		c.Message = "no barrier at " + from + " has an event as a signal: write what people meet there who leave"
	case found != "":
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonEnoughData
		c.Message = "at " + from + " those who meet " + found + " leave more often"
	case len(missing) > 0:
		c.Status, c.Reason = metav1.ConditionFalse, v1alpha1.ReasonNotEnoughData
		c.Message = "at " + from + " " + strings.Join(missing, "; ")
	default:
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonEnoughData
		c.Message = "enough people met the barriers of " + from + ", and none of them is why people leave as far as chance lets tell"
	}
	c.Message = bounded(c.Message, v1alpha1.MaxJourneyMessageLength)
	return c
}

// estimate writes a number with its interval; ends that have no bound, and numbers that are none, are absent. It is nil where nothing is left.
func estimate(value float64, interval stats.Interval, decimals int) *v1alpha1.Estimate {
	write := func(x float64) v1alpha1.Decimal {
		const most = 1e9
		if math.IsNaN(x) || math.Abs(x) > most {
			return ""
		}
		return fixed(x, decimals)
	}
	e := v1alpha1.Estimate{Estimate: write(value), Low: write(interval.Low), High: write(interval.High)}
	if e.Estimate == "" && e.High == "" {
		return nil
	}
	return &e
}

// fixed writes a number with so many decimals, and never a negative nothing.
func fixed(x float64, decimals int) v1alpha1.Decimal {
	unit := math.Pow10(decimals)
	if x = math.Round(x*unit) / unit; x == 0 {
		x = 0
	}
	return v1alpha1.Decimal(strconv.FormatFloat(x, 'f', decimals, 64))
}

// money writes an amount in units of the currency.
func money(x float64) v1alpha1.Decimal {
	const most = 1e18 // beyond it no digit is of use
	return fixed(max(min(x, most), -most), 2)
}

// scaledShare gives a share in whole percent.
func scaledShare(part, whole int64) int64 { return scaled(big.NewRat(part, max(whole, 1)), 100) }
