// Copyright 2026 The Waymark Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/waymark-dev/waymark/internal/resources"
)

// forward connects with the control port of a pod through the API server. Nothing listens on this machine meanwhile.
func forward(ctx context.Context, config *rest.Config, namespace, pod string) (net.Conn, error) {
	dialer, err := forwardDialer(config, namespace, pod)
	if err != nil {
		return nil, err
	}
	type dialed struct {
		conn *forwarded
		err  error
	}
	result := make(chan dialed, 1)
	go func() { // what is dialed knows no context
		conn, err := open(dialer, pod)
		result <- dialed{conn, err}
	}()
	select {
	case d := <-result:
		if d.err != nil {
			return nil, d.err
		}
		return d.conn, nil
	case <-ctx.Done():
		go func() {
			if d := <-result; d.err == nil {
				_ = d.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// forwardDialer speaks WebSocket, and SPDY with an API server that knows only that.
func forwardDialer(config *rest.Config, namespace, pod string) (httpstream.Dialer, error) {
	config = rest.CopyConfig(config)
	config.GroupVersion, config.APIPath = &corev1.SchemeGroupVersion, "/api"
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	api, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, err
	}
	url := api.Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	older := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	newer, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, config)
	if err != nil {
		return nil, err
	}
	return portforward.NewFallbackDialerForStreaming(newer, older, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}

// forwarded is a connection with a port of a pod. It knows no deadlines; closing it ends what waits.
type forwarded struct {
	httpstream.Stream // of data
	all               httpstream.Connection
	to                address

	once   sync.Once
	failed chan error // gets what the pod's side says went wrong
}

func open(dialer httpstream.Dialer, pod string) (*forwarded, error) {
	port := strconv.Itoa(int(resources.ControlPort))
	all, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, err
	}
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, port)
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	failures, err := all.CreateStream(headers)
	if err != nil {
		return nil, errors.Join(err, all.Close())
	}
	_ = failures.Close() // nothing is written there
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := all.CreateStream(headers)
	if err != nil {
		return nil, errors.Join(err, all.Close())
	}
	f := &forwarded{Stream: data, all: all, to: address(net.JoinHostPort(pod, port)), failed: make(chan error, 1)}
	go f.listen(failures)
	return f, nil
}

// listen waits for what the pod's side says went wrong, and then ends the connection.
func (f *forwarded) listen(failures io.Reader) {
	const most = 4 << 10
	if said, err := io.ReadAll(io.LimitReader(failures, most)); err == nil && len(said) > 0 {
		f.failed <- fmt.Errorf("forward to %s: %s", f.to, said)
		_ = f.Close()
	}
}

func (f *forwarded) Read(p []byte) (int, error) {
	n, err := f.Stream.Read(p)
	if err != nil {
		select {
		case err = <-f.failed:
		default:
		}
	}
	return n, err
}

func (f *forwarded) Close() error {
	var err error
	f.once.Do(func() {
		_ = f.Reset() // unsent data must not hold the rest up
		err = f.all.Close()
	})
	return err
}

func (f *forwarded) LocalAddr() net.Addr              { return address("") }
func (f *forwarded) RemoteAddr() net.Addr             { return f.to }
func (f *forwarded) SetDeadline(time.Time) error      { return nil }
func (f *forwarded) SetReadDeadline(time.Time) error  { return nil }
func (f *forwarded) SetWriteDeadline(time.Time) error { return nil }

// address is host:port.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }
