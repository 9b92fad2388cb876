// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding/binary"
	"slices"

	"github.com/waymark-dev/waymark/internal/packing"
)

// unanswered stands for no answer; 0 is one that is not listed, and others are 1 more than their index.
const unanswered = -1

// evidenceWriter writes what a contact adds to the evidence as a few bytes, in which form it is also kept: it is only ever added to the tally
// and taken away. It is a list of entries, each of which begins with its kind.
type evidenceWriter struct{ b []byte }

const (
	// stageEntry: stage, how it ended, at how many landmarks it was still there, and what was seen, each with its landmark.
	stageEntry byte = iota
	// answerEntry: stage, label, answer and 1.
	answerEntry
	// beyondEntry: how many stages were reached, status at the next.
	beyondEntry
	// dayEntry: day, probes as bits.
	dayEntry
	// loyaltyEntry and scoreEntry: see loyalty.
	loyaltyEntry
	scoreEntry
)

func (w *evidenceWriter) begin() { w.b = w.b[:0] }

func (w *evidenceWriter) look(at *look) {
	there := max(1, landmarksBelow(at.length)) // at the first, the stage's own instant, everybody is
	w.b = append(w.b, stageEntry, byte(at.stage), flag(1, at.converted), byte(there))
	w.b = binary.AppendUvarint(w.b, uint64(len(at.sights)))
	for _, s := range at.sights {
		w.b = binary.AppendUvarint(w.b, uint64(s.target))
		w.b = append(w.b, byte(landmarksBelow(s.after)))
	}
}

func (w *evidenceWriter) answer(stage int, label string, answer int) {
	w.b = packing.AppendText(append(w.b, answerEntry, byte(stage)), label)
	w.b = binary.AppendUvarint(w.b, uint64(answer+1))
}

func (w *evidenceWriter) wentBeyond(reached int, at status) {
	w.b = append(w.b, beyondEntry, byte(reached), byte(at))
}

func (w *evidenceWriter) day(day int64, saw uint64) {
	w.b = binary.AppendVarint(append(w.b, dayEntry), day)
	w.b = binary.AppendUvarint(w.b, saw)
}

// adds says whether something given can be added to the tally: stored state may be damaged.
func (t *evidenceTally) adds(given []byte) bool {
	return t.each(given, nil)
}

// add counts what a unit gives, or takes it away when sign is -1.
func (t *evidenceTally) add(given []byte, sign int64) {
	t.each(given, &sign)
}

// each goes through what a unit gives, adding it with a sign if there is one. It says whether it is all right.
func (t *evidenceTally) each(given []byte, sign *int64) bool {
	r := reader{Reader: packing.Read(given)}
	for len(r.Left) > 0 {
		switch r.Byte() {
		case stageEntry:
			t.readLook(&r, sign)
		case answerEntry:
			stage, label, answer := r.below(len(t.stages)), r.Text(), r.answer(t)
			if !r.Bad && sign != nil {
				t.addAnswer(stage, label, answer, *sign)
			}
		case beyondEntry:
			reached, at := r.below(len(t.beyond)+1), status(r.below(int(converted)+1))
			if (reached == len(t.beyond)) != (at == converted) {
				r.Fail()
			}
			if !r.Bad && sign != nil {
				t.addBeyond(reached, at, *sign)
			}
		case dayEntry:
			day, saw := r.Varint(), r.Uvarint()
			if !r.Bad && sign != nil {
				t.addDay(int32(day), saw, *sign)
			}
		case loyaltyEntry:
			t.loyalty.read(&r, sign)
		case scoreEntry:
			t.score.read(&r, sign)
		default:
			r.Fail()
		}
	}
	return !r.Bad
}

func (t *evidenceTally) readLook(r *reader, sign *int64) {
	stage, end, there := r.below(len(t.stages)), r.below(2), r.below(marksCount+1)
	if !r.Bad && sign != nil {
		t.stages[stage].all[end] += *sign
		t.stages[stage].there[end][there] += *sign
	}
	const smallest = 2 // numbers of a sight
	for range r.Count(smallest) {
		what, k := r.target(t), r.below(marksCount+1)
		if !r.Bad && sign != nil {
			t.addSight(stage, what, end, k, there, *sign)
		}
	}
}

// answer reads an answer, or that there is none.
func (r *reader) answer(t *evidenceTally) int {
	n := r.Uvarint()
	if n > uint64(t.answers)+1 {
		r.Fail()
		return unanswered
	}
	return int(n) - 1
}

// below reads a byte that is less than a number.
func (r *reader) below(n int) int {
	b := int(r.Byte())
	if b >= n {
		r.Fail()
		return 0
	}
	return b
}

func (r *reader) target(t *evidenceTally) sightTarget {
	n := r.Uvarint()
	if n > uint64(typeTarget(typeMarks)) {
		r.Fail()
		return 0
	}
	what := sightTarget(n)
	if index, isType := what.split(); isType && (index == 0 || index > len(t.types)) || !isType && index >= len(t.probes) {
		r.Fail()
		return 0
	}
	return what
}

// append encodes the tally but for what is counted of types.
func (t *evidenceTally) append(b []byte) []byte {
	for i := range t.stages {
		s := &t.stages[i]
		for end := range s.all {
			b = binary.AppendVarint(b, s.all[end])
			for _, n := range s.there[end] {
				b = binary.AppendVarint(b, n)
			}
		}
		b = appendSurvey(b, s.survey)
	}
	for i := range t.probes {
		b = t.probes[i].append(b)
	}
	for _, n := range t.beyond {
		b = binary.AppendVarint(b, n.Converted)
		b = binary.AppendVarint(b, n.InProgress)
		b = binary.AppendVarint(b, n.Dropped)
	}
	b = binary.AppendUvarint(b, uint64(len(t.days)))
	for _, day := range sortedKeys(t.days) {
		b = binary.AppendVarint(b, int64(day))
		for _, n := range t.days[day] {
			b = binary.AppendVarint(b, n)
		}
	}
	return t.score.append(t.loyalty.append(b))
}

// read decodes what append encoded.
func (t *evidenceTally) read(r *reader) {
	for i := range t.stages {
		s := &t.stages[i]
		for end := range s.all {
			s.all[end] = r.Varint()
			for k := range s.there[end] {
				s.there[end][k] = r.Varint()
			}
		}
		s.survey = r.survey(t)
	}
	for i := range t.probes {
		t.probes[i] = r.sight()
	}
	for i := range t.beyond {
		n := &t.beyond[i]
		n.Converted, n.InProgress, n.Dropped = r.Varint(), r.Varint(), r.Varint()
	}
	for range r.Count(1 + len(t.probes)) {
		day := int32(r.Varint())
		t.days[day] = make([]int64, len(t.probes))
		for i := range t.days[day] {
			t.days[day][i] = r.Varint()
		}
	}
	t.loyalty.restore(r)
	t.score.restore(r)
}

func (s *sightTally) append(b []byte) []byte {
	b = binary.AppendVarint(binary.AppendVarint(b, s.seen[0]), s.seen[1])
	b = binary.AppendUvarint(b, uint64(len(s.cells)))
	for _, c := range s.cells {
		b = binary.AppendVarint(append(b, c.index), c.count)
	}
	return b
}

func (r *reader) sight() (s sightTally) {
	s.seen = [2]int64{r.Varint(), r.Varint()}
	const smallest = 2 // numbers of a cell
	for range r.Count(smallest) {
		s.cells = append(s.cells, cell{uint8(r.below(cellCount)), r.Varint()})
	}
	return s
}

func appendSurvey(b []byte, groups map[string]*surveyTally) []byte {
	b = binary.AppendUvarint(b, uint64(len(groups)))
	for _, label := range sortedKeys(groups) {
		g := groups[label]
		b = binary.AppendVarint(packing.AppendText(b, label), g.dropped)
		b = binary.AppendUvarint(b, uint64(len(g.answers)))
		for _, answer := range sortedKeys(g.answers) {
			b = binary.AppendUvarint(b, uint64(answer+1))
			b = binary.AppendVarint(b, g.answers[answer])
		}
	}
	return b
}

func (r *reader) survey(t *evidenceTally) map[string]*surveyTally {
	const smallestGroup, smallestAnswer = 3, 2 // numbers of each
	var groups map[string]*surveyTally
	for range r.Count(smallestGroup) {
		if groups == nil {
			groups = map[string]*surveyTally{}
		}
		g := &surveyTally{answers: map[int]int64{}}
		groups[r.Text()] = g
		g.dropped = r.Varint()
		for range r.Count(smallestAnswer) {
			answer := r.answer(t)
			g.answers[answer] = r.Varint()
		}
	}
	return groups
}

// appendType encodes what is counted of a type.
func (of *typeTally) append(b []byte) []byte {
	b = packing.AppendText(b, of.name)
	stages := 0
	for _, s := range of.stages {
		if s != nil {
			stages++
		}
	}
	b = binary.AppendUvarint(b, uint64(stages))
	for i, s := range of.stages {
		if s != nil {
			b = s.append(append(b, byte(i)))
		}
	}
	return b
}

// readType decodes what appendType encoded at the end of the types.
func (t *evidenceTally) readType(r *reader) {
	of := typeTally{name: r.Text()}
	const smallest = 4 // numbers of a sight at a stage
	for range r.Count(smallest) {
		if of.stages == nil {
			of.stages = make([]*sightTally, len(t.stages))
		}
		stage := r.below(len(t.stages))
		if r.Bad {
			return
		}
		s := r.sight()
		of.stages[stage] = &s
	}
	t.types = append(t.types, of)
}

// write stores the tally.
func (t *evidenceTally) write(w Writer, s *scratch, slot uint32) error {
	s.value = t.append(s.value[:0])
	if err := w.Set(slotKey(nil, evidencePrefix, slot), s.value); err != nil {
		return err
	}
	slices.Sort(t.fresh)
	for _, at := range t.fresh {
		s.value = t.types[at].append(s.value[:0])
		key := binary.BigEndian.AppendUint32(slotKey(s.key[:0], typePrefix, slot), uint32(at))
		s.key = key
		if err := w.Set(key, s.value); err != nil {
			return err
		}
	}
	return nil
}

// written notes that the tally lies in the store as it is.
func (t *evidenceTally) written() {
	for _, at := range t.fresh {
		t.types[at].fresh = false
	}
	t.fresh = t.fresh[:0]
}
