// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// FromFeed gives the meaning of an EventFeed in its Workspace; a nil Workspace is one without any settings. What the API server
// would default is defaulted. The write keys come from Secrets, so the caller adds them. The errors name the field, the value,
// what is wrong and what to write instead; see Reason. With errors the meaning is of no use.
//
// The mapping of a feed that is not HTTP is checked and given too, beside the error that such feeds are not supported yet:
// kubectl-waymark reads files with it.
func FromFeed(feed *v1alpha1.EventFeed, ws *v1alpha1.Workspace) (Feed, field.ErrorList) {
	feed, ws = feed.DeepCopy(), defaulted(ws)
	feed.Default()
	path := field.NewPath("spec")
	f := Feed{Namespace: feed.Namespace, Name: feed.Name, Public: feed.Spec.Trust == v1alpha1.TrustPublic}
	for _, t := range feed.Spec.AllowTypes {
		f.AllowTypes = append(f.AllowTypes, string(t))
	}
	var r reader
	r.zone(ws)
	errs := r.errs
	switch {
	case feed.Spec.HTTP != nil:
		f.readHTTP(feed.Spec.HTTP)
	case feed.Spec.Kafka != nil:
		errs = append(errs, unsupported(path.Child("kafka"), "write http"))
	case feed.Spec.NATS != nil:
		errs = append(errs, unsupported(path.Child("nats"), "write http"))
	default:
		errs = append(errs, field.Required(path.Child("http"), "say where events come from"))
	}
	if m := feed.Spec.Mapping; m != nil {
		f.Mapping = Mapping{
			Contact: string(m.Contact), Type: string(m.Type), Time: string(m.Time), ID: string(m.ID), Data: string(m.Data),
			Drop: string(m.Drop), TimeZone: ws.Spec.TimeZone,
		}
		if _, err := NewMapper(f.Mapping); err != nil && len(r.errs) == 0 {
			errs = append(errs, fieldErrors(path.Child("mapping"), err)...)
		}
	}
	return f, errs
}

func (f *Feed) readHTTP(h *v1alpha1.HTTPSource) {
	for _, p := range h.Protocols {
		f.Protocols = append(f.Protocols, string(p))
	}
	if h.CORS != nil {
		f.AllowOrigins = slices.Clone(h.CORS.AllowOrigins)
	}
	if h.RateLimit != nil {
		f.EventsPerSecond = int(h.RateLimit.EventsPerSecond)
		f.Burst = cmp.Or(int(h.RateLimit.Burst), 2*f.EventsPerSecond)
	}
	f.MaxBodyBytes = h.MaxBodyBytes.Value()
}

// NewFeeds puts feeds in the order of their keys and gives them their version, a hash of all that they mean.
func NewFeeds(feeds []Feed) (Feeds, error) {
	sorted := slices.Clone(feeds)
	slices.SortFunc(sorted, func(a, b Feed) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	form, err := json.Marshal(sorted)
	if err != nil {
		return Feeds{}, fmt.Errorf("encode feeds: %w", err)
	}
	sum := sha256.Sum256(form)
	return Feeds{Version: hex.EncodeToString(sum[:8]), Feeds: sorted}, nil
}
