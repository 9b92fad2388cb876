// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	waymark "github.com/waymark-dev/waymark/api/v1alpha1"
)

// statusRules are edits of the status of any of the kinds but Journey.
var statusRules = conditionRules(waymark.MaxConditionMessageLength)

// journeyStatusRules are those of a Journey, whose conditions are shorter.
var journeyStatusRules = conditionRules(waymark.MaxJourneyMessageLength)

func conditionRules(length int) map[string]ruleCase {
	refused := fmt.Sprintf("the type and the reason of a condition have at most 64 characters and its message %d", length)
	return map[string]ruleCase{
		"accepts the longest condition": {edit: condition(strings.Repeat("т", length), "InvalidExpression")},
		"refuses a longer message":      {edit: condition(strings.Repeat("т", length+1), "InvalidExpression"), refused: refused},
		"refuses a longer reason":       {edit: condition("", strings.Repeat("R", 65)), refused: refused},
	}
}

func condition(message, reason string) string {
	return fmt.Sprintf(`
status:
  conditions:
  - {type: Ready, status: "False", reason: %s, message: %q, lastTransitionTime: "2026-10-31T00:00:00Z"}`, reason, message)
}

var _ = Describe("Status", func() {
	for _, valid := range []string{validWorkspace, validEventFeed, validFunnel, validMessageChannel, validNurtureScenario, validSegment, validJourney} {
		kind := strings.Fields(strings.SplitAfter(valid, "kind:")[1])[0]
		rules := statusRules
		if kind == "Journey" {
			rules = journeyStatusRules
		}

		Describe(kind, func() {
			var stored *unstructured.Unstructured

			BeforeEach(func(ctx SpecContext) {
				stored = manifest(valid)
				stored.SetName(uniqueName())
				Expect(apiClient.Create(ctx, stored)).To(Succeed())
				DeferCleanup(func(ctx SpecContext) { Expect(apiClient.Delete(ctx, stored)).To(Succeed()) })
			})

			It("is unobserved at first, whatever the author writes", func(ctx SpecContext) {
				Expect(stored.Object["status"]).To(Equal(map[string]any{"observedGeneration": int64(-1)}))

				claimed := edited(stored, `status: {observedGeneration: 1}`)
				Expect(apiClient.Update(ctx, claimed)).To(Succeed())
				Expect(claimed.Object["status"]).To(Equal(map[string]any{"observedGeneration": int64(-1)}))
			})

			for _, name := range slices.Sorted(maps.Keys(rules)) {
				It(name, func(ctx SpecContext) {
					c := rules[name]
					err := apiClient.Status().Update(ctx, edited(stored, c.edit),
						&client.SubResourceUpdateOptions{UpdateOptions: client.UpdateOptions{DryRun: []string{"All"}}})
					expectAnswer(err, c.refused)
				})
			}
		})
	}
})
