// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

//go:build cluster && linux

// Package smoke takes the development cluster through its life and checks that it
// leaves the machine as it was. It starts and stops the machine's only cluster, so it
// runs by itself: make cluster-smoke.
package smoke

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/waymark-dev/waymark/hack/cluster/internal/cgroup"
	"github.com/waymark-dev/waymark/hack/cluster/internal/machine"
	"github.com/waymark-dev/waymark/hack/cluster/internal/topology"
)

const (
	podLimit = "--timeout=120s"
	limit    = 60 * time.Second
)

// rig drives the cluster the way a person does, by commands.
type rig struct {
	topology.Cluster
	program string
}

func TestClusterLife(t *testing.T) {
	r := newRig(t)
	if status := r.cluster(t, "status"); !strings.Contains(status, "no cluster is running") {
		t.Fatal("a cluster runs that this test would end; stop it by make cluster-down first")
	}
	r.cluster(t, "down") // is fine when it is down
	before := facts(t)
	t.Cleanup(func() { r.cluster(t, "down") })

	r.cluster(t, "up")
	start := time.Now()
	r.cluster(t, "up")
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("up took %v although the cluster was up", took)
	}
	r.loadProbe(t)
	r.applyWorkload(t)

	t.Run("logs and exec", r.logsAndExec)
	t.Run("the host reaches pods and Services", r.hostReaches)
	t.Run("a pod reaches the host", r.podReachesHost)
	t.Run("port-forward", r.portForward)
	t.Run("data outlives the pod", r.dataOutlivesPod)
	t.Run("a disk fills and heals", r.diskFillsAndHeals)
	t.Run("a released volume is offered anew", r.volumeIsReclaimed)
	t.Run("killed components come back", r.componentsComeBack)

	r.cluster(t, "down")
	expectNoTrace(t, before)

	t.Run("a killed node leaves no trace either", func(t *testing.T) {
		r.cluster(t, "up")
		kill(t, r.nodeProcess(t))
		eventually(t, "status says that nothing runs", func() bool {
			status, err := exec.Command(r.program, "status").Output()
			return err == nil && strings.Contains(string(status), "no cluster is running")
		})
		r.cluster(t, "down")
		expectNoTrace(t, before)
	})
}

func (r rig) logsAndExec(t *testing.T) {
	if logs := r.kubectl(t, "-n", "smoke", "logs", "store-0"); !strings.Contains(logs, "serving, start 1") {
		t.Errorf("logs = %q, want the first start", logs)
	}
	// A Service has its endpoints a moment after the pod is ready.
	eventually(t, "a pod asks the Service by name", func() bool {
		ask := r.kubectlCommand("-n", "smoke", "exec", "deployment/client", "--", "/probe", "get", "http://store.smoke.svc.cluster.local")
		answer, err := ask.CombinedOutput()
		return err == nil && string(answer) == "start 1\n"
	})
}

func (r rig) hostReaches(t *testing.T) {
	for kind, path := range map[string][]string{
		"Service": {"get", "service", "store", "-o", "jsonpath=http://{.spec.clusterIP}"},
		"pod":     {"get", "pod", "store-0", "-o", "jsonpath=http://{.status.podIP}:8080"},
	} {
		url := r.kubectl(t, append([]string{"-n", "smoke"}, path...)...)
		if answer := get(t, url); answer != "start 1\n" {
			t.Errorf("the host asked the %s at %s and got %q", kind, url, answer)
		}
	}
}

func (r rig) podReachesHost(t *testing.T) {
	listener, err := net.Listen("tcp", r.Host.Addr().String()+":0")
	if err != nil {
		t.Fatal(err)
	}
	host := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "from the host")
	}))
	host.Listener = listener
	host.Start()
	defer host.Close()
	if answer := r.kubectl(t, "-n", "smoke", "exec", "deployment/client", "--", "/probe", "get", host.URL); answer != "from the host" {
		t.Errorf("a pod asked the host and got %q", answer)
	}
}

func (r rig) portForward(t *testing.T) {
	forward := exec.Command(r.Program("kubectl"), "--kubeconfig", r.Kubeconfig(), "-n", "smoke", "port-forward", "service/store", ":80")
	output, err := forward.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := forward.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = forward.Process.Kill()
		_ = forward.Wait()
	}()
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	// Forwarding from 127.0.0.1:40000 -> 8080
	address := strings.Fields(line)[2]
	if answer := get(t, "http://"+address); answer != "start 1\n" {
		t.Errorf("through %s came %q", address, answer)
	}
}

func (r rig) dataOutlivesPod(t *testing.T) {
	r.kubectl(t, "-n", "smoke", "delete", "pod", "store-0")
	r.kubectl(t, "-n", "smoke", "rollout", "status", podLimit, "statefulset/store")
	if logs := r.kubectl(t, "-n", "smoke", "logs", "store-0"); !strings.Contains(logs, "serving, start 2") {
		t.Errorf("logs = %q, want the second start", logs)
	}
}

func (r rig) diskFillsAndHeals(t *testing.T) {
	volume := r.kubectl(t, "-n", "smoke", "get", "pvc", "data-store-0", "-o", "jsonpath={.spec.volumeName}")
	r.cluster(t, "volumes", "fill", volume)
	output, err := r.kubectlCommand("-n", "smoke", "exec", "store-0", "--", "/probe", "write", "/data/more").CombinedOutput()
	if err == nil || !strings.Contains(string(output), "no space left on device") {
		t.Errorf("writing to a full disk: %v, %s", err, output)
	}
	r.cluster(t, "volumes", "free", volume)
	r.kubectl(t, "-n", "smoke", "exec", "store-0", "--", "/probe", "write", "/data/more")
}

func (r rig) volumeIsReclaimed(t *testing.T) {
	volume := r.kubectl(t, "-n", "smoke", "get", "pvc", "data-store-0", "-o", "jsonpath={.spec.volumeName}")
	r.kubectl(t, "delete", "namespace", "smoke")
	eventually(t, "volume "+volume+" is Available", func() bool {
		output, err := r.kubectlCommand("get", "pv", volume, "-o", "jsonpath={.status.phase}").Output()
		return err == nil && string(output) == "Available"
	})
	left, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(r.nodeProcess(t)), "root", r.Path("volumes", volume)))
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("the volume is offered with %v in it", left)
	}
}

func (r rig) componentsComeBack(t *testing.T) {
	// The kernel cuts names off after 15 letters.
	for _, name := range []string{"etcd", "kube-apiserver", "kube-controller", "kube-scheduler", "containerd", "kubelet", "kube-proxy"} {
		old := process(t, name)
		kill(t, old)
		eventually(t, "another "+name+" runs", func() bool {
			next := process(t, name)
			return next != 0 && next != old
		})
	}
	eventually(t, "the API server answers", func() bool {
		return r.kubectlCommand("get", "--raw=/readyz").Run() == nil
	})
	r.applyWorkload(t)
}

func newRig(t *testing.T) rig {
	t.Helper()
	t.Chdir(filepath.Join("..", "..", ".."))
	opened, err := topology.Open()
	if err != nil {
		t.Fatal(err)
	}
	made := rig{Cluster: opened, program: filepath.Join(t.TempDir(), "cluster")}
	command(t, exec.Command("go", "build", "-o", made.program, "./hack/cluster"))
	return made
}

func (r rig) applyWorkload(t *testing.T) {
	t.Helper()
	r.kubectl(t, "apply", "--server-side", "-f", "hack/cluster/smoke/testdata/workload.yaml")
	r.kubectl(t, "-n", "smoke", "rollout", "status", podLimit, "statefulset/store")
	r.kubectl(t, "-n", "smoke", "rollout", "status", podLimit, "deployment/client")
}

func (r rig) loadProbe(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	program, tarball := filepath.Join(folder, "probe"), filepath.Join(folder, "probe.tar")
	build := exec.Command("go", "build", "-o", program, "./hack/cluster/smoke/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	command(t, build)
	pack := exec.Command("go", "run", ".", "-tag", "waymark-smoke:local", "-file", program+"=/probe", "-entrypoint", "/probe", "-output", tarball)
	pack.Dir = "hack/image"
	command(t, pack)
	r.cluster(t, "load", tarball)
}

func (r rig) cluster(t *testing.T, arguments ...string) string {
	t.Helper()
	start := time.Now()
	output := command(t, exec.Command(r.program, arguments...))
	t.Logf("cluster %s: %.1fs", strings.Join(arguments, " "), time.Since(start).Seconds())
	return output
}

func (r rig) kubectl(t *testing.T, arguments ...string) string {
	t.Helper()
	return command(t, r.kubectlCommand(arguments...))
}

func (r rig) kubectlCommand(arguments ...string) *exec.Cmd {
	return exec.Command(r.Program("kubectl"), append([]string{"--kubeconfig", r.Kubeconfig()}, arguments...)...)
}

func (r rig) nodeProcess(t *testing.T) int {
	t.Helper()
	content, err := os.ReadFile(r.Path("node.pid"))
	if err != nil {
		t.Fatal(err)
	}
	return number(t, string(content))
}

// process finds a process of the cluster by its name. Zero is none.
func process(t *testing.T, name string) int {
	t.Helper()
	processes, err := cgroup.New(topology.Cgroup).Processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range processes {
		comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		if err == nil && strings.TrimSpace(string(comm)) == name {
			return pid
		}
	}
	return 0
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if pid == 0 {
		t.Fatal("the process to kill does not run")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func command(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, output)
	}
	return string(output)
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

func facts(t *testing.T) []string {
	t.Helper()
	found, err := machine.Describe()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func expectNoTrace(t *testing.T, before []string) {
	t.Helper()
	if changes := machine.Difference(before, facts(t)); len(changes) > 0 {
		t.Errorf("the cluster left traces:\n%s", strings.Join(changes, "\n"))
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	value, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	return value
}
