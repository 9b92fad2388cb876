// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package resources

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/definition"
)

var update = flag.Bool("update", false, "write the golden files anew")

var deployment = Deployment{
	Image:             "ghcr.io/waymark-dev/waymark:v0.1.0",
	OperatorNamespace: "waymark-system",
	OperatorLabels:    map[string]string{"app.kubernetes.io/name": "waymark", "app.kubernetes.io/component": "manager"},
}

// shop is a workspace with nothing but what it must say.
func shop() *v1alpha1.Workspace {
	workspace := &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "shop", UID: "6a1f"},
		Spec: v1alpha1.WorkspaceSpec{
			EventLog: v1alpha1.EventLogSpec{
				Embedded: &v1alpha1.EmbeddedLogSpec{Storage: resource.MustParse("10Gi")},
			},
		},
	}
	workspace.Default()
	return workspace
}

// large is a workspace that says all that shapes its children.
func large() *v1alpha1.Workspace {
	workspace := shop()
	workspace.Spec.DeletionPolicy = v1alpha1.DeletionPolicyDelete
	workspace.Spec.EventLog.Partitions = 16
	workspace.Spec.EventLog.Retention = &v1alpha1.RetentionSpec{Age: "1w3d", MaxSize: new(resource.MustParse("60Gi"))}
	workspace.Spec.EventLog.Embedded = &v1alpha1.EmbeddedLogSpec{
		Storage:          resource.MustParse("100Gi"),
		StorageClassName: new("fast"),
	}
	workspace.Spec.Runner = &v1alpha1.RunnerSpec{
		Replicas: 1,
		Resources: &v1alpha1.ComputeResources{
			Requests: &v1alpha1.ComputeAmounts{CPU: new(resource.MustParse("2")), Memory: new(resource.MustParse("4Gi"))},
			Limits:   &v1alpha1.ComputeAmounts{Memory: new(resource.MustParse("8Gi"))},
		},
		NodeSelector:      map[string]string{"disk": "nvme"},
		PriorityClassName: "business-critical",
		Tolerations: []v1alpha1.Toleration{
			{Key: "dedicated", Operator: "Equal", Value: "marketing", Effect: "NoSchedule"},
			{Operator: "Exists", Effect: "NoExecute", TolerationSeconds: new(int64(60))},
		},
	}
	return workspace
}

// distributed is a workspace with its log elsewhere and several pods.
func distributed() *v1alpha1.Workspace {
	workspace := shop()
	workspace.Spec.EventLog.Embedded = nil
	workspace.Spec.EventLog.NATS = &v1alpha1.NATSLogSpec{URL: "nats://nats.messaging.svc:4222"}
	workspace.Spec.Runner = &v1alpha1.RunnerSpec{Replicas: 3}
	return workspace
}

func TestChildren(t *testing.T) {
	feeds := definition.Feeds{Version: "f00d", Feeds: []definition.Feed{{Namespace: "sales", Name: "site", MaxBodyBytes: 1 << 20}}}
	feedsSecret, err := FeedsSecret(shop(), feeds)
	if err != nil {
		t.Fatal(err)
	}
	deliverySecret, err := DeliverySecret(shop(), definition.Delivery{Version: "cafe", Mode: "Live", Workspace: "shop", TimeZone: "Europe/Moscow"})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]any{
		"statefulset":            StatefulSet(shop(), deployment),
		"statefulset-large":      StatefulSet(large(), deployment),
		"service-control":        ControlService(shop()),
		"service-ingest":         IngestService(shop()),
		"serviceaccount":         ServiceAccount(shop()),
		"networkpolicy":          NetworkPolicy(shop(), deployment),
		"networkpolicy-open":     NetworkPolicy(shop(), Deployment{}),
		"poddisruptionbudget-3":  PodDisruptionBudget(distributed()),
		"secret-feeds":           feedsSecret,
		"secret-delivery":        deliverySecret,
		"secret-link-keys":       LinkKeysSecret(shop(), []byte(`[{"key":"not-a-real-key"}]`)),
		"secret-link-keys-large": LinkKeysSecret(large(), []byte(`[{"key":"not-a-real-key"}]`)),
		"secret-write-key": WriteKeySecret(&v1alpha1.EventFeed{
			ObjectMeta: metav1.ObjectMeta{Namespace: "sales", Name: "site", UID: "77aa"},
		}, "not-a-real-key"),
	}
	for name, object := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := yaml.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, got)
		})
	}
}

func TestOnePodHasNoDisruptionBudget(t *testing.T) {
	if budget := PodDisruptionBudget(shop()); budget != nil {
		t.Errorf("PodDisruptionBudget() = %v, want none: it could only block every drain", budget)
	}
}

func TestAnEmbeddedLogHasOnePod(t *testing.T) {
	workspace := shop()
	workspace.Spec.Runner = &v1alpha1.RunnerSpec{Replicas: 5}
	if got := Replicas(workspace); got != 1 {
		t.Errorf("Replicas() = %d, want 1", got)
	}
}

func TestNamesAreValidAndDiffer(t *testing.T) {
	workspaces := []string{
		"shop",
		"1shop",
		"1",
		strings.Repeat("a", 40),
		"9" + strings.Repeat("a", 39),
		"9" + strings.Repeat("a", 38) + "b",
		"shop-runner",
		"ws-1shop",
	}
	seen := map[string]string{}
	for _, workspace := range workspaces {
		for _, name := range []string{
			RunnerName(workspace), IngestName(workspace), AuthoritySecretName(workspace),
			RunnerSecretName(workspace), ManagerSecretName(workspace), FeedsSecretName(workspace),
			DeliverySecretName(workspace), LinkKeysSecretName(workspace),
		} {
			if problems := validation.IsDNS1035Label(name); len(problems) > 0 {
				t.Errorf("workspace %q: name %q: %s", workspace, name, strings.Join(problems, "; "))
			}
			if len(name) > 52 {
				t.Errorf("workspace %q: name %q has %d characters, want at most 52", workspace, name, len(name))
			}
			if other, taken := seen[name]; taken {
				t.Errorf("workspaces %q and %q both name a child %q", workspace, other, name)
			}
			seen[name] = workspace
		}
	}
}

func TestAddresses(t *testing.T) {
	feed := &v1alpha1.EventFeed{ObjectMeta: metav1.ObjectMeta{Namespace: "web", Name: "site"}}
	tests := map[string]struct{ got, want string }{
		"ingest":  {got: IngestURL(shop()), want: "http://shop-ingest.sales.svc/"},
		"feed":    {got: FeedURL(shop(), feed), want: "http://shop-ingest.sales.svc/web/site"},
		"control": {got: RunnerServerName(shop()), want: "shop-runner.sales.svc"},
		"claim":   {got: DataClaimName("shop", 0), want: "data-shop-runner-0"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("address (-want +got):\n%s", diff)
			}
		})
	}
}

// golden compares with testdata/<name>.yaml, which `go test -update` writes.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".yaml")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s (-want +got):\n%s", path, cmp.Diff(string(want), string(got)))
	}
}
