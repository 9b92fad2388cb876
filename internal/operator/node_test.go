// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package operator_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/waymark-dev/waymark/internal/resources"
)

// node plays what an API server alone lacks, in one namespace: it makes the pod and the volume claim of each StatefulSet, mounts the
// pod's Secrets, and runs the real runner for it. Like a kubelet it brings mounts up to date when the pod changes.
type node struct {
	namespace string
	folder    string

	mu       sync.Mutex
	programs map[string]*program // by pod
	down     bool                // programs are not started again
}

// program is a runner at work.
type program struct {
	command                  *exec.Cmd
	ended                    chan struct{}
	ingest, control, health  string // addresses
	mounted                  string // the pod's resource version when its Secrets were mounted
	data, tls, feeds, stderr string // folders and files
	delivery                 string // likewise
}

func startNode(namespace string) *node {
	GinkgoHelper()
	n := &node{namespace: namespace, folder: GinkgoT().TempDir(), programs: map[string]*program{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := n.pass(ctx); err != nil && ctx.Err() == nil {
				GinkgoWriter.Println("node:", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	DeferCleanup(func() {
		cancel()
		<-done
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, p := range n.programs {
			p.end(syscall.SIGTERM)
		}
	})
	return n
}

func (n *node) controlAddress(pod string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.programs[pod]; p != nil {
		return p.control
	}
	return "127.0.0.1:1" // nothing listens there
}

func (n *node) ingestAddress(pod string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.programs[pod].ingest
}

// kill ends a pod's program at once. Unless it stays down it is started again, on the same volume and addresses.
func (n *node) kill(pod string, staysDown bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = staysDown
	n.programs[pod].end(syscall.SIGKILL)
}

func (p *program) end(signal syscall.Signal) {
	if p.command != nil {
		_ = p.command.Process.Signal(signal) // it may have ended by itself
		<-p.ended
	}
}

// pass brings everything in the namespace a step further.
func (n *node) pass(ctx context.Context) error {
	var sets appsv1.StatefulSetList
	if err := cluster.List(ctx, &sets, client.InNamespace(n.namespace)); err != nil {
		return err
	}
	var problems []error
	for i := range sets.Items {
		problems = append(problems, n.serve(ctx, &sets.Items[i]))
	}
	return errors.Join(problems...)
}

func (n *node) serve(ctx context.Context, set *appsv1.StatefulSet) error {
	if !set.DeletionTimestamp.IsZero() {
		return n.orphan(ctx, set)
	}
	pod, err := n.pod(ctx, set)
	if err != nil {
		return err
	}
	ready, err := n.run(ctx, pod)
	if err != nil {
		return err
	}
	if err := n.tellPod(ctx, pod, ready); err != nil {
		return err
	}
	before := set.DeepCopy()
	set.Status = appsv1.StatefulSetStatus{
		ObservedGeneration: set.Generation, Replicas: 1, CurrentRevision: "1", UpdateRevision: "1", CurrentReplicas: 1, UpdatedReplicas: 1,
	}
	if ready {
		set.Status.ReadyReplicas, set.Status.AvailableReplicas = 1, 1
	}
	return cluster.Status().Patch(ctx, set, client.MergeFrom(before))
}

// orphan does the garbage collector's part in a deletion that leaves the pods.
func (n *node) orphan(ctx context.Context, set *appsv1.StatefulSet) error {
	before := set.DeepCopy()
	set.Finalizers = slices.DeleteFunc(set.Finalizers, func(name string) bool { return name == metav1.FinalizerOrphanDependents })
	return client.IgnoreNotFound(cluster.Patch(ctx, set, client.MergeFrom(before)))
}

// pod makes the first pod of a StatefulSet with its volume claim.
func (n *node) pod(ctx context.Context, set *appsv1.StatefulSet) (*corev1.Pod, error) {
	name := set.Name + "-0"
	for _, template := range set.Spec.VolumeClaimTemplates {
		claim := &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{Namespace: n.namespace, Name: template.Name + "-" + name, Labels: template.Labels},
			Spec:       template.Spec,
		}
		if err := cluster.Create(ctx, claim); err != nil {
			if !apierrors.IsAlreadyExists(err) {
				return nil, err
			}
			continue
		}
		claim.Status = corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound, Capacity: claim.Spec.Resources.Requests}
		if err := cluster.Status().Update(ctx, claim); err != nil {
			return nil, err
		}
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: n.namespace, Name: name, Labels: set.Spec.Template.Labels},
		Spec:       set.Spec.Template.Spec,
	}
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-" + name},
	}})
	if err := cluster.Create(ctx, pod); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, err
	}
	return pod, cluster.Get(ctx, client.ObjectKeyFromObject(pod), pod)
}

func (n *node) tellPod(ctx context.Context, pod *corev1.Pod, ready bool) error {
	before := pod.DeepCopy()
	pod.Status.Phase, pod.Status.PodIP = corev1.PodRunning, "127.0.0.1"
	pod.Status.PodIPs = []corev1.PodIP{{IP: "127.0.0.1"}}
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}
	return cluster.Status().Patch(ctx, pod, client.MergeFrom(before))
}

// run keeps the pod's program running on its mounts, and says whether it is ready.
func (n *node) run(ctx context.Context, pod *corev1.Pod) (ready bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.programs[pod.Name]
	if p == nil {
		if p, err = n.place(pod); err != nil {
			return false, err
		}
		n.programs[pod.Name] = p
	}
	if seen := pod.Annotations[resources.MountsAnnotation] + string(pod.UID); p.mounted != seen {
		if err := n.mount(ctx, pod, p); err != nil {
			return false, err
		}
		p.mounted = seen
	}
	if p.command == nil || isClosed(p.ended) {
		if n.down {
			return false, nil
		}
		if err := p.start(pod); err != nil {
			return false, err
		}
	}
	response, err := http.Get("http://" + p.health + "/readyz")
	if err != nil {
		return false, nil // it is starting
	}
	return response.StatusCode == http.StatusOK, response.Body.Close()
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (n *node) place(pod *corev1.Pod) (*program, error) {
	home := filepath.Join(n.folder, pod.Name)
	p := &program{
		data: filepath.Join(home, "data"), tls: filepath.Join(home, "tls"), feeds: filepath.Join(home, "feeds"),
		delivery: filepath.Join(home, "delivery"), stderr: filepath.Join(home, "stderr"),
	}
	for _, folder := range []string{p.data, p.tls, p.feeds, p.delivery} {
		if err := os.MkdirAll(folder, 0o750); err != nil {
			return nil, err
		}
	}
	for _, address := range []*string{&p.ingest, &p.control, &p.health} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		*address = listener.Addr().String()
		if err := listener.Close(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// mount writes the pod's Secrets into its folders.
func (n *node) mount(ctx context.Context, pod *corev1.Pod, p *program) error {
	folders := map[string]string{"tls": p.tls, "feeds": p.feeds, "delivery": p.delivery}
	for _, volume := range pod.Spec.Volumes {
		if volume.Secret == nil {
			continue
		}
		var secret corev1.Secret
		if err := cluster.Get(ctx, types.NamespacedName{Namespace: n.namespace, Name: volume.Secret.SecretName}, &secret); err != nil {
			if optional := volume.Secret.Optional; apierrors.IsNotFound(err) && optional != nil && *optional {
				continue
			}
			return err
		}
		for key, content := range secret.Data {
			if err := os.WriteFile(filepath.Join(folders[volume.Name], key), content, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// start runs the pod's command with this machine's folders and addresses.
func (p *program) start(pod *corev1.Pod) error {
	local := map[string]string{
		"--data-dir": p.data, "--tls-dir": p.tls, "--feeds-file": filepath.Join(p.feeds, resources.FeedsFile),
		"--delivery-file":  filepath.Join(p.delivery, resources.DeliveryFile),
		"--ingest-address": p.ingest, "--control-address": p.control, "--health-address": p.health,
	}
	args := []string{"--reserve=1"}
	for _, arg := range pod.Spec.Containers[0].Args {
		flag, _, _ := strings.Cut(arg, "=")
		if value, ok := local[flag]; ok {
			arg = flag + "=" + value
		}
		args = append(args, arg)
	}
	stderr, err := os.OpenFile(p.stderr, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	p.command = exec.Command(runner, args...)
	p.command.Env = append(os.Environ(), "POD_NAME="+pod.Name)
	p.command.Stdout, p.command.Stderr = stderr, stderr
	if err := p.command.Start(); err != nil {
		return fmt.Errorf("start the runner: %w", err)
	}
	command, ended := p.command, make(chan struct{})
	p.ended = ended
	go func() {
		defer close(ended)
		_ = command.Wait() // how it ended is in its log
		_ = stderr.Close()
	}()
	return nil
}

// logs gives what the programs wrote, for a spec that failed.
func (n *node) logs() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all strings.Builder
	for pod, p := range n.programs {
		content, err := os.ReadFile(p.stderr)
		fmt.Fprintf(&all, "== %s (%v)\n%s\n", pod, err, content)
	}
	return all.String()
}

// revive lets a program that was to stay down start again.
func (n *node) revive() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}
