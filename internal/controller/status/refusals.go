// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/plane"
)

// Unadmitted is the verdict on a resource that has no workspace to be in: there is none of that name, which is a nil workspace, or it
// does not admit the resource's namespace. Nil when it does.
func Unadmitted(resource Resource, name types.NamespacedName, workspace *v1alpha1.Workspace) *Verdict {
	switch {
	case workspace == nil:
		return new(Waiting(v1alpha1.ReasonWorkspaceNotFound, fmt.Sprintf(
			"Workspace %s does not exist yet: apply it, or correct spec.workspaceRef", name)))
	case !roster.Admits(workspace, resource.GetNamespace()):
		return new(Waiting(v1alpha1.ReasonNamespaceNotAllowed, fmt.Sprintf(
			"Workspace %s does not list namespace %s in spec.allowedNamespaces", name, resource.GetNamespace())))
	}
	return nil
}

// Invalid is the verdict on a spec with errors; nil when there are none. What is wrong with its workspace is not the resource's fault.
// Else goesOn ends the message and says what becomes of the last spec that was valid; it is empty when there was none.
func Invalid(errs field.ErrorList, goesOn string) *Verdict {
	if len(errs) == 0 {
		return nil
	}
	messages := make([]string, len(errs))
	for i, err := range errs {
		messages[i] = err.Error()
	}
	message := strings.Join(messages, "; ")
	if strings.HasPrefix(errs[0].Field, "workspace.") {
		return new(Waiting(v1alpha1.ReasonWorkspaceNotReady, message))
	}
	return new(Refused(definition.Reason(errs), message+goesOn))
}

// Rejected is the verdict on a version of a definition that a runner cannot run; nil when none has said so.
func Rejected(view plane.View, key, version string) *Verdict {
	refusal, refused := view.Refused[key]
	if !refused || refusal.Version != version {
		return nil
	}
	return new(Waiting(v1alpha1.ReasonRunnerRejected, "the runner refused this version: "+refusal.Message))
}

// Missing is the verdict on a spec that names something that does not exist, or means nothing itself; nil when there is nothing missing. It may be
// applied or corrected next. GoesOn ends the message, as in Invalid.
func Missing(missing []definition.Missing, goesOn string) *Verdict {
	if len(missing) == 0 {
		return nil
	}
	messages := make([]string, len(missing))
	for i := range missing {
		messages[i] = missing[i].Error()
		if missing[i].Why == "" {
			messages[i] += ": apply it, or correct the name"
		}
	}
	return new(Waiting(v1alpha1.ReasonReferenceNotFound, strings.Join(messages, "; ")+goesOn))
}
