// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

// Package operator puts the operator together: its caches, its controllers, and the plane that calls the runners.
package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	controllerconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/controller/children"
	"github.com/waymark-dev/waymark/internal/controller/deliveryset"
	"github.com/waymark-dev/waymark/internal/controller/eventfeed"
	"github.com/waymark-dev/waymark/internal/controller/feedset"
	"github.com/waymark-dev/waymark/internal/controller/funnel"
	"github.com/waymark-dev/waymark/internal/controller/journey"
	"github.com/waymark-dev/waymark/internal/controller/messagechannel"
	"github.com/waymark-dev/waymark/internal/controller/nurturescenario"
	"github.com/waymark-dev/waymark/internal/controller/roster"
	"github.com/waymark-dev/waymark/internal/controller/secrets"
	"github.com/waymark-dev/waymark/internal/controller/segment"
	"github.com/waymark-dev/waymark/internal/controller/segments"
	"github.com/waymark-dev/waymark/internal/controller/status"
	"github.com/waymark-dev/waymark/internal/controller/texts"
	"github.com/waymark-dev/waymark/internal/controller/workspace"
	"github.com/waymark-dev/waymark/internal/definition"
	"github.com/waymark-dev/waymark/internal/letter/review"
	"github.com/waymark-dev/waymark/internal/plane"
	"github.com/waymark-dev/waymark/internal/resources"
)

// operatorLabels are those of the manager's pods.
var operatorLabels = map[string]string{
	"app.kubernetes.io/name":      "waymark",
	"app.kubernetes.io/component": "manager",
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("make the scheme: %w", err)
	}
	return scheme, nil
}

// Options are what an operator is told by its flags.
type Options struct {
	// MetricsAddress serves metrics; "0" serves none.
	MetricsAddress string
	// MetricsSecure serves them over HTTPS, to those whom the API server lets read them.
	MetricsSecure bool
	// ProbeAddress answers /healthz and /readyz; "0" answers none.
	ProbeAddress string
	// LeaderElect lets the operator work only while it leads.
	LeaderElect bool
	// Namespace is where the operator runs; empty outside of a cluster.
	Namespace string
	// WatchNamespaces are those that it looks after; all when empty.
	WatchNamespaces []string
	// Deployment says how runners are deployed. New fills in where the operator is.
	Deployment resources.Deployment
	// StatusInterval is how long the numbers of one status stay before they are written again.
	StatusInterval time.Duration
	// ReportInterval is how often runners are asked for their numbers.
	ReportInterval time.Duration
	// Dial reaches runners; plane.DialTLS does.
	Dial plane.Dial
	// Several lets more than one operator run in a process, as tests do. Their metrics are then told together.
	Several bool
}

// New makes a manager with all that the operator consists of; start it to run the operator.
func New(ctx context.Context, config *rest.Config, o Options) (ctrl.Manager, error) {
	o.Deployment.OperatorNamespace, o.Deployment.OperatorLabels = o.Namespace, operatorLabels
	manager, err := newManager(config, &o)
	if err != nil {
		return nil, err
	}
	if err := assemble(ctx, manager, &o); err != nil {
		return nil, err
	}
	return manager, nil
}

func newManager(config *rest.Config, o *Options) (ctrl.Manager, error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	metrics := server.Options{BindAddress: o.MetricsAddress, SecureServing: o.MetricsSecure}
	if o.MetricsSecure {
		metrics.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         cacheOptions(o.WatchNamespaces),
		Metrics:                       metrics,
		HealthProbeBindAddress:        o.ProbeAddress,
		LeaderElection:                o.LeaderElect,
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       o.Namespace,
		LeaderElectionReleaseOnCancel: true, // the program ends when the manager does
		Controller:                    controllerconfig.Controller{SkipNameValidation: &o.Several},
	})
	if err != nil {
		return nil, fmt.Errorf("make the manager: %w", err)
	}
	if err := errors.Join(manager.AddHealthzCheck("ping", healthz.Ping), manager.AddReadyzCheck("ping", healthz.Ping)); err != nil {
		return nil, fmt.Errorf("make the manager's probes: %w", err)
	}
	return manager, nil
}

// cacheOptions keeps in memory what is Waymark's: of kinds that everybody has, only the objects that Waymark made. Secrets
// and ConfigMaps are cached by their metadata alone, and read when they are needed.
func cacheOptions(watchNamespaces []string) cache.Options {
	ours := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{resources.ManagedByLabel: resources.ManagedBy})}
	options := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&appsv1.StatefulSet{}:           ours,
			&corev1.Pod{}:                   ours,
			&corev1.PersistentVolumeClaim{}: ours,
			&corev1.Service{}:               ours,
			&corev1.ServiceAccount{}:        ours,
			&networkingv1.NetworkPolicy{}:   ours,
			&policyv1.PodDisruptionBudget{}: ours,
		},
	}
	for _, namespace := range watchNamespaces {
		if options.DefaultNamespaces == nil {
			options.DefaultNamespaces = map[string]cache.Config{}
		}
		options.DefaultNamespaces[namespace] = cache.Config{}
	}
	return options
}

// assemble puts the operator together.
func assemble(ctx context.Context, manager ctrl.Manager, o *Options) error {
	indexed := roster.Indexed{
		WriteKey: func(feed *v1alpha1.EventFeed) types.NamespacedName {
			name, _ := feedset.WriteKey(feed)
			return name
		},
		ChannelSecrets: deliveryset.SecretNames,
		References:     nurturescenario.References,
		FunnelReferences: func(funnel *v1alpha1.Funnel) []string {
			var named []string
			for _, name := range segments.OfFunnel(funnel) {
				named = append(named, definition.KindSegment+"/"+name)
			}
			return named
		},
		JourneyReferences: journey.References,
	}
	if err := roster.Index(ctx, manager.GetFieldIndexer(), indexed); err != nil {
		return err
	}
	parts := newParts(manager, o)
	if err := manager.Add(parts.plane); err != nil {
		return fmt.Errorf("add the plane: %w", err)
	}
	return errors.Join(
		parts.setupWorkspaces(manager, o), parts.setupFeeds(manager, o), parts.setupFunnels(manager, o),
		parts.setupChannels(manager, o), parts.setupScenarios(manager, o),
		parts.setupSegments(manager, o), parts.setupJourneys(manager, o),
	)
}

// parts are what the controllers share.
type parts struct {
	clock   clock.Clock
	roster  roster.Roster
	plane   *plane.Plane
	applier *children.Applier
	secrets *secrets.Reader
}

func newParts(manager ctrl.Manager, o *Options) *parts {
	p := &parts{
		clock:   clock.RealClock{},
		roster:  roster.Roster{Reader: manager.GetClient()},
		applier: &children.Applier{Client: manager.GetClient()},
		secrets: &secrets.Reader{Cached: manager.GetClient(), Live: manager.GetAPIReader()},
	}
	term := &termTaker{reader: manager.GetAPIReader(), writer: manager.GetClient(), clock: p.clock}
	if o.LeaderElect {
		term.lease = types.NamespacedName{Namespace: o.Namespace, Name: leaseName}
	}
	p.plane = plane.New(plane.Options{
		Dial:     o.Dial,
		Roster:   p.roster,
		Term:     term.take,
		Interval: o.ReportInterval,
		Clock:    p.clock,
	})
	return p
}

func (p *parts) publisher(manager ctrl.Manager, kind string, interval time.Duration) *status.Publisher {
	return &status.Publisher{
		Kind:     kind,
		Client:   manager.GetClient(),
		Recorder: manager.GetEventRecorder("waymark"),
		Pace:     status.NewPace(interval),
	}
}

func (p *parts) setupWorkspaces(manager ctrl.Manager, o *Options) error {
	reconciler := &workspace.Reconciler{
		Client: manager.GetClient(), Roster: p.roster, Secrets: p.secrets, Applier: p.applier, Plane: p.plane, Clock: p.clock,
		Publisher:  p.publisher(manager, "Workspace", o.StatusInterval),
		Deployment: o.Deployment,
	}
	return reconciler.SetupWithManager(manager)
}

func (p *parts) setupFeeds(manager ctrl.Manager, o *Options) error {
	reconciler := &eventfeed.Reconciler{
		Client: manager.GetClient(), Roster: p.roster, Secrets: p.secrets, Applier: p.applier, Plane: p.plane, Clock: p.clock,
		Publisher: p.publisher(manager, "EventFeed", o.StatusInterval),
		NewKey:    eventfeed.NewKey,
	}
	return reconciler.SetupWithManager(manager)
}

func (p *parts) setupFunnels(manager ctrl.Manager, o *Options) error {
	reconciler := &funnel.Reconciler{
		Client: manager.GetClient(), Roster: p.roster, Plane: p.plane, Clock: p.clock,
		Segments:  segments.Reader{Client: manager.GetClient()},
		Publisher: p.publisher(manager, "Funnel", o.StatusInterval),
	}
	return reconciler.SetupWithManager(manager)
}

func (p *parts) setupChannels(manager ctrl.Manager, o *Options) error {
	reconciler := &messagechannel.Reconciler{
		Client: manager.GetClient(), Roster: p.roster, Secrets: p.secrets, Plane: p.plane, Clock: p.clock,
		Publisher: p.publisher(manager, "MessageChannel", o.StatusInterval),
	}
	return reconciler.SetupWithManager(manager)
}

func (p *parts) setupScenarios(manager ctrl.Manager, o *Options) error {
	reconciler := &nurturescenario.Reconciler{
		Client: manager.GetClient(), Roster: p.roster, Plane: p.plane, Clock: p.clock,
		Texts:     &texts.Reader{Cached: manager.GetClient(), Live: manager.GetAPIReader()},
		Templates: review.Templates{},
		Publisher: p.publisher(manager, "NurtureScenario", o.StatusInterval),
	}
	return reconciler.SetupWithManager(manager)
}

func (p *parts) setupSegments(manager ctrl.Manager, o *Options) error {
	reconciler := &segment.Reconciler{
		Client: manager.GetClient(), Roster: p.roster, Plane: p.plane, Clock: p.clock,
		Publisher: p.publisher(manager, "Segment", o.StatusInterval),
	}
	return reconciler.SetupWithManager(manager)
}

func (p *parts) setupJourneys(manager ctrl.Manager, o *Options) error {
	reconciler := &journey.Reconciler{
		Client: manager.GetClient(), Roster: p.roster, Plane: p.plane, Clock: p.clock,
		Segments:  segments.Reader{Client: manager.GetClient()},
		Publisher: p.publisher(manager, "Journey", o.StatusInterval),
	}
	return reconciler.SetupWithManager(manager)
}
