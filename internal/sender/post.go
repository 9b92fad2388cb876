// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"sync"
	"time"

	"github.com/waymark-dev/waymark/internal/event"
	"github.com/waymark-dev/waymark/internal/record"
)

const (
	// resultsAtOnce and resultBytes bound the results of one record.
	resultsAtOnce = 1000
	resultBytes   = 256 << 10
	// tellAgain is the pause after the log did not take results.
	tellAgain = 200 * time.Millisecond
)

// post makes results durable: those that come while a record is being written go into the next one together.
type post struct {
	desk *Desk

	mu      sync.Mutex
	waiting []report
	running bool
}

// report is a result on its way.
type report struct {
	item  *item
	event event.Event
	since time.Time
}

func newPost(d *Desk) *post {
	return &post{desk: d}
}

// add takes a result over. It does not wait.
func (p *post) add(it *item, e event.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, report{it, e, time.Now()})
	if !p.running {
		p.running = true
		go p.run()
	}
}

func (p *post) run() {
	for {
		p.mu.Lock()
		n, size := 0, 0
		for n < min(len(p.waiting), resultsAtOnce) && size < resultBytes {
			size += len(p.waiting[n].event.Data)
			n++
		}
		if n == 0 {
			p.running = false
			p.mu.Unlock()
			return
		}
		reports := p.waiting[:n:n]
		p.waiting = p.waiting[n:]
		p.mu.Unlock()
		offset, ok := p.write(reports)
		if ok {
			p.desk.durable(reports, offset)
		} // else the process ends, and the next one finds the claims without results
		for i := range reports {
			reports[i].item.line.told(time.Since(reports[i].since))
			reports[i].item.line.left(reports[i].item.desk)
		}
	}
}

// write appends results until the log has them; false when the sender ends before.
func (p *post) write(reports []report) (offset uint64, ok bool) {
	s := p.desk.sender
	var chunk []byte
	now := s.opts.Now()
	for i := range reports {
		e := reports[i].event
		e.Time, e.Received = now, now
		chunk = event.Append(chunk, &e)
	}
	stored, err := (&record.Record{Kind: record.Events, Chunk: chunk}).Encode()
	for err == nil {
		if offset, err = s.opts.Log.Append(s.telling, p.desk.partition, stored); err == nil {
			return offset, true
		}
		s.opts.Logger.Warn("results were not appended", "partition", p.desk.partition, "error", err.Error())
		select {
		case <-s.telling.Done():
		case <-time.After(tellAgain):
			err = nil // what was appended without our knowing is known by its id
		}
	}
	return 0, false
}

// durable notes results that the log has.
func (d *Desk) durable(reports []report, offset uint64) {
	d.mu.Lock()
	for i := range reports {
		d.told = append(d.told, toldItem{offset, reports[i].item.effect})
	}
	d.mu.Unlock()
	d.Wake()
}
