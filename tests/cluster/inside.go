package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"periplus.dev/testbed/internal/bed"
	"periplus.dev/testbed/internal/plane"
	"periplus.dev/testbed/internal/system"
)

const (
	// etcdAddress is where a bed's etcd answers within its region.
	etcdAddress = "127.0.0.1:2379"
	// etcdPatience bounds one question to etcd: a compaction that waits for the disk is the slowest.
	etcdPatience = time.Minute
	// etcdAnswer bounds the answer in bytes.
	etcdAnswer = 64 << 20
)

// inside runs a command in the network of a cluster's region: what it asks of the cluster gets there however many
// cables are cut.
func inside(ctx context.Context, args []string) error {
	name, command := nameBefore(args)
	if len(command) == 0 {
		return usagef("say which command: testbed inside --name NAME COMMAND")
	}
	b, err := chosen(name)
	if err != nil {
		return err
	}
	record, err := b.Read()
	if err != nil {
		return err
	}
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Env = append(os.Environ(), "KUBECONFIG="+plane.AdminKubeconfig(b))
	// A child has the namespaces of the thread that starts it.
	err = system.Region(b, &record).Do(child.Start)
	if err != nil {
		return fmt.Errorf("cannot run %s in the region of bed %s: %w", command[0], b.Name, err)
	}
	err = child.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Exited() {
			os.Exit(status.ExitStatus())
		}
	}
	if err != nil {
		return fmt.Errorf("%s in the region of bed %s: %w", command[0], b.Name, err)
	}
	return nil
}

// etcd asks a cluster's etcd through its JSON gateway and prints the answer.
func etcd(ctx context.Context, args []string) error {
	name, question := nameBefore(args)
	if len(question) != 2 {
		return usagef(`say what to ask: testbed etcd --name NAME kv/compaction '{"revision":"9"}'`)
	}
	b, err := chosen(name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, etcdPatience)
	defer cancel()
	answer, err := askEtcd(ctx, b, question[0], question[1])
	if err != nil {
		return fmt.Errorf("cannot ask etcd of bed %s: %w", b.Name, err)
	}
	if _, err := os.Stdout.Write(append(bytes.TrimSpace(answer), '\n')); err != nil {
		return fmt.Errorf("cannot print what etcd of bed %s answers: %w", b.Name, err)
	}
	return nil
}

func askEtcd(ctx context.Context, b *bed.Bed, path, body string) ([]byte, error) {
	record, err := b.Read()
	if err != nil {
		return nil, err
	}
	settings, err := etcdTLS(plane.PKI(b))
	if err != nil {
		return nil, err
	}
	region := system.Region(b, &record)
	dialer := net.Dialer{}
	transport := &http.Transport{
		TLSClientConfig: settings,
		DialContext: func(ctx context.Context, network, address string) (conn net.Conn, err error) {
			err = region.Do(func() (err error) {
				conn, err = dialer.DialContext(ctx, network, address)
				return err
			})
			return conn, err
		},
	}
	defer transport.CloseIdleConnections()
	url := "https://" + etcdAddress + "/v3/" + strings.TrimPrefix(path, "/")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, etcdAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", response.Status, bytes.TrimSpace(answer))
	}
	return answer, nil
}

// etcdTLS is how the API server speaks to etcd.
func etcdTLS(pki string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(
		filepath.Join(pki, "apiserver-etcd-client.crt"),
		filepath.Join(pki, "apiserver-etcd-client.key"),
	)
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificate for etcd: %w", err)
	}
	authority, err := os.ReadFile(filepath.Join(pki, "etcd-ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("cannot read etcd's authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("etcd's authority in %s is no certificate", pki)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// nameBefore takes --name off the front; what follows belongs to somebody else, flags included.
func nameBefore(args []string) (string, []string) {
	name := ""
	if len(args) > 1 && args[0] == "--name" {
		name, args = args[1], args[2:]
	} else if len(args) > 0 && strings.HasPrefix(args[0], "--name=") {
		name, args = strings.TrimPrefix(args[0], "--name="), args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	return name, args
}
