// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/api/v1alpha1"
	"github.com/waymark-dev/waymark/internal/control"
	"github.com/waymark-dev/waymark/internal/resources"
)

// Cluster reaches the runners of a workspace in a cluster: as whoever the kubeconfig names, through the API server, with the keys of the
// operator. So who may read the Secret with these keys, and forward ports to the pods, may do this.
func Cluster(ctx context.Context, target Target) ([]Runner, error) {
	config, namespace, err := configOf(target)
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(corev1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	api, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("reach the cluster: %w", err)
	}
	return runners(ctx, api, client.ObjectKey{Namespace: namespace, Name: target.Workspace}, func(ctx context.Context, pod string) (net.Conn, error) {
		conn, err := forward(ctx, config, namespace, pod)
		if err != nil {
			return nil, fmt.Errorf("forward a port to pod %s/%s (needs: create pods/portforward): %w", namespace, pod, err)
		}
		return conn, nil
	})
}

func configOf(target Target) (config *rest.Config, namespace string, err error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = target.Kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: target.Context}
	overrides.Context.Namespace = target.Namespace
	loaded := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	if config, err = loaded.ClientConfig(); err != nil {
		return nil, "", fmt.Errorf("read the kubeconfig: %w", err)
	}
	if namespace, _, err = loaded.Namespace(); err != nil {
		return nil, "", fmt.Errorf("read the kubeconfig: %w", err)
	}
	return config, namespace, nil
}

// runners gives a client for each pod that a workspace is to have. Dial connects with the control port of a pod.
func runners(ctx context.Context, api client.Reader, key client.ObjectKey, dial func(ctx context.Context, pod string) (net.Conn, error)) ([]Runner, error) {
	var workspace v1alpha1.Workspace
	if err := api.Get(ctx, key, &workspace); err != nil {
		return nil, explain(err, "Workspace", key, "get workspaces."+v1alpha1.GroupName)
	}
	secretKey := client.ObjectKey{Namespace: key.Namespace, Name: resources.ManagerSecretName(key.Name)}
	var secret corev1.Secret
	if err := api.Get(ctx, secretKey, &secret); err != nil {
		return nil, explain(err, "Secret", secretKey, "get secrets")
	}
	certificate, err := tls.X509KeyPair(secret.Data[resources.CertificateKey], secret.Data[resources.PrivateKeyKey])
	if err != nil {
		return nil, fmt.Errorf("the keys in Secret %s cannot be used: %w", secretKey, err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(secret.Data[resources.AuthoritiesKey]) {
		return nil, fmt.Errorf("the keys in Secret %s cannot be used: there is no certificate under %s", secretKey, resources.AuthoritiesKey)
	}
	var all []Runner
	for i := range resources.Replicas(&workspace) {
		pod := resources.RunnerPodName(key.Name, i)
		all = append(all, control.NewClient(control.ClientOptions{
			Address:     net.JoinHostPort(pod, strconv.Itoa(int(resources.ControlPort))),
			ServerName:  resources.RunnerServerName(&workspace),
			Certificate: certificate, Authorities: authorities,
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, pod) },
		}))
	}
	return all, nil
}

// explain says what is missing.
func explain(err error, kind string, key client.ObjectKey, needs string) error {
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Errorf("you may not read %s %s (needs: %s): %w", kind, key, needs, err)
	case apierrors.IsNotFound(err):
		return fmt.Errorf("there is no %s %s: %w", kind, key, err)
	}
	return fmt.Errorf("read %s %s: %w", kind, key, err)
}
