// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
)

// FromPolicy gives the meaning of a Workspace's messaging policy; one without says that nothing bounds messages. What the API server would
// default is defaulted. The errors are as FromScenario's, with fields of the Workspace.
func FromPolicy(ws *v1alpha1.Workspace) (Policy, field.ErrorList) {
	ws = defaulted(ws)
	path := field.NewPath("spec", "policy")
	var r reader
	p := Policy{TimeZone: ws.Spec.TimeZone}
	if spec := ws.Spec.Policy; spec != nil {
		r.policy(path, spec, &p)
	}
	r.zone(ws)
	if len(r.errs) > 0 {
		return p, r.errs
	}
	p = p.normal()
	if _, err := new(Compiler).compilePolicy(&p); err != nil {
		return p, fieldErrors(path, err)
	}
	return p, nil
}

func (r *reader) policy(path *field.Path, spec *v1alpha1.MessagingPolicy, p *Policy) {
	p.Zone, p.Language = string(spec.Zone), string(spec.Language)
	if q := spec.QuietHours; q != nil {
		p.QuietFrom, p.QuietTo, p.QuietDrop = q.From, q.To, q.Action == v1alpha1.PolicyActionDrop
	}
	if c := spec.FrequencyCap; c != nil {
		p.CapMessages, p.CapPer = c.Messages, r.duration(path.Child("frequencyCap", "per"), c.Per)
		p.CapDrop = c.Action == v1alpha1.PolicyActionDrop
	}
	if c := spec.Consent; c != nil {
		p.ConsentExplicit = c.Mode != v1alpha1.ConsentImplied
		for _, t := range c.Topics {
			p.Topics = append(p.Topics, Topic{t.Name, t.Title, t.DoubleOptIn})
		}
	}
	for i, day := range spec.Holidays {
		p.Holidays = append(p.Holidays, r.day(path.Child("holidays").Index(i), day))
	}
}
