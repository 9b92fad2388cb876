// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"cmp"
	"encoding/hex"
	"iter"
	"maps"
	"slices"

	"github.com/google/btree"

	"github.com/waymark-dev/waymark/internal/event"
)

// wantedBy is a want with whose it is, without what its queue says.
type wantedBy struct {
	notBefore event.Time
	contact   string
	effect    [16]byte
	ended     bool
}

func (a wantedBy) compare(b wantedBy) int {
	return cmp.Or(cmp.Compare(a.notBefore, b.notBefore), cmp.Compare(a.contact, b.contact), slices.Compare(a.effect[:], b.effect[:]))
}

func (a wantedBy) before(b wantedBy) bool { return a.compare(b) < 0 }

// wanted is the index of all wants. It has queues for each scenario of each channel, so that a scenario that stands still costs nothing, and
// a channel that does hides no other.
type wanted struct {
	queues map[string]map[whose]*queue
	frozen map[string]bool
	// served are the scenarios that had the last turn of each channel, for marketing and for all else. They are not stored: which effects are
	// claimed first is nothing that the log does not say.
	served map[turns]string
}

// whose names a queue of a channel.
type whose struct {
	marketing bool
	scenario  string
}

// compare puts marketing last.
func (a whose) compare(b whose) int {
	switch {
	case a.marketing == b.marketing:
		return cmp.Compare(a.scenario, b.scenario)
	case b.marketing:
		return -1
	}
	return 1
}

type turns struct {
	channel   string
	marketing bool
}

// queue is what one scenario wants through one channel.
type queue struct {
	*btree.BTreeG[wantedBy]
	// ended counts those of contacts that have left.
	ended int
}

func newWanted() wanted {
	return wanted{queues: map[string]map[whose]*queue{}, frozen: map[string]bool{}, served: map[turns]string{}}
}

const queueDegree = 32

func (x *want) whose() whose { return whose{x.marketing, x.scenario} }

func (w *wanted) add(contact string, x *want) {
	queues := w.queues[x.channel]
	if queues == nil {
		queues = map[whose]*queue{}
		w.queues[x.channel] = queues
	}
	q := queues[x.whose()]
	if q == nil {
		q = &queue{BTreeG: btree.NewG(queueDegree, wantedBy.before)}
		queues[x.whose()] = q
	}
	q.ReplaceOrInsert(wantedBy{x.notBefore, contact, x.effect, x.ended})
	if x.ended {
		q.ended++
	}
}

func (w *wanted) remove(contact string, x *want) {
	queues := w.queues[x.channel]
	q := queues[x.whose()]
	if q == nil {
		return
	}
	q.Delete(wantedBy{notBefore: x.notBefore, contact: contact, effect: x.effect})
	if x.ended {
		q.ended--
	}
	if q.Len() > 0 {
		return
	}
	if delete(queues, x.whose()); len(queues) == 0 {
		delete(w.queues, x.channel)
	}
}

// freeze hides what a scenario wants, or shows it again.
func (w *wanted) freeze(scenario string, frozen bool) {
	if frozen {
		w.frozen[scenario] = true
	} else {
		delete(w.frozen, scenario)
	}
}

// waiting counts what a channel's scenarios want for contacts inside, and gives since when the first is; 0 is never.
func (w *wanted) waiting(channel string) (count int64, oldest event.Time) {
	for of, q := range w.queues[channel] {
		if w.frozen[of.scenario] {
			continue
		}
		count += int64(q.Len() - q.ended)
		q.Ascend(func(x wantedBy) bool {
			if !x.ended {
				oldest = earlier(oldest, x.notBefore)
			}
			return x.ended
		})
	}
	return count, oldest
}

// count is how much all scenarios want that do not stand still.
func (w *wanted) count() (n int) {
	for _, queues := range w.queues {
		for of, q := range queues {
			if !w.frozen[of.scenario] {
				n += q.Len()
			}
		}
	}
	return n
}

// shows says whether a scenario that does not stand still wants something of a channel.
func (w *wanted) shows(channel string) bool {
	for of := range w.queues[channel] {
		if !w.frozen[of.scenario] {
			return true
		}
	}
	return false
}

// shown gives the queues of a channel's scenarios that do not stand still, those of marketing last, each by the scenarios' keys.
func (w *wanted) shown(channel string) []whose {
	all := slices.SortedFunc(maps.Keys(w.queues[channel]), whose.compare)
	return slices.DeleteFunc(all, func(of whose) bool { return w.frozen[of.scenario] })
}

// but goes through a queue in its order, without what is to be left out.
func (q *queue) but(skip func(effect string) bool) iter.Seq[wantedBy] {
	return func(yield func(wantedBy) bool) {
		q.Ascend(func(x wantedBy) bool {
			return skip != nil && skip(hex.EncodeToString(x.effect[:])) || yield(x)
		})
	}
}

// first gives the first effects of a channel, in their order, but for those to be left out.
func (w *wanted) first(channel string, most int, skip func(effect string) bool) []wantedBy {
	var all []wantedBy
	for _, of := range w.shown(channel) {
		found := 0
		for x := range w.queues[channel][of].but(skip) {
			if found == most {
				break
			}
			all = append(all, x)
			found++
		}
	}
	slices.SortFunc(all, wantedBy.compare)
	return all[:min(len(all), most)]
}

// next gives the effects of a channel whose turn it is, but for those to be left out.
func (w *wanted) next(channel string, most int, skip func(effect string) bool) (all []wantedBy) {
	shown := w.shown(channel)
	urgent := slices.IndexFunc(shown, func(of whose) bool { return of.marketing })
	if urgent < 0 {
		urgent = len(shown)
	}
	for _, class := range [][]whose{shown[:urgent], shown[urgent:]} {
		if len(class) > 0 {
			all = w.byTurns(channel, class, most, skip, all)
		}
	}
	return all
}

// byTurns adds effects of queues which take turns, until there are most of them.
func (w *wanted) byTurns(channel string, class []whose, most int, skip func(effect string) bool, all []wantedBy) []wantedBy {
	served := turns{channel, class[0].marketing}
	after := w.served[served]
	begin := max(slices.IndexFunc(class, func(of whose) bool { return of.scenario > after }), 0)
	type turn struct {
		scenario string
		next     func() (wantedBy, bool)
	}
	var left []turn
	for i := range class {
		of := class[(begin+i)%len(class)]
		next, stop := iter.Pull(w.queues[channel][of].but(skip))
		defer stop()
		left = append(left, turn{of.scenario, next})
	}
	for i := 0; len(left) > 0 && len(all) < most; {
		x, found := left[i].next()
		if found {
			all = append(all, x)
			w.served[served] = left[i].scenario
			i++
		} else {
			left = slices.Delete(left, i, i+1)
		}
		if i >= len(left) {
			i = 0
		}
	}
	return all
}
