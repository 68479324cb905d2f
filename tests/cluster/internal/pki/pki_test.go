package pki

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"slices"
	"testing"
	"time"
)

func certificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s is no PEM file", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestIssue(t *testing.T) {
	dir := t.TempDir()
	authority, err := EnsureAuthority(dir, "ca", "kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate(t, authority.CertFile))

	for _, c := range []struct {
		name    string
		request Request
		server  string
		trusted bool
		usage   x509.ExtKeyUsage
	}{
		{"server by name", Request{User: "s", Hosts: []string{"kubernetes", "10.0.0.1"}}, "kubernetes", true, x509.ExtKeyUsageServerAuth},
		{"server by address", Request{User: "s", Hosts: []string{"kubernetes", "10.0.0.1"}}, "10.0.0.1", true, x509.ExtKeyUsageServerAuth},
		{"server by another name", Request{User: "s", Hosts: []string{"kubernetes"}}, "other", false, x509.ExtKeyUsageServerAuth},
		{"client", Request{User: "c", Groups: []string{"system:nodes"}}, "", true, x509.ExtKeyUsageClientAuth},
		{"client as server", Request{User: "c"}, "", false, x509.ExtKeyUsageServerAuth},
	} {
		t.Run(c.name, func(t *testing.T) {
			pair, err := authority.Issue(dir, "one", c.request)
			if err != nil {
				t.Fatal(err)
			}
			cert := certificate(t, pair.CertFile)
			_, err = cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: c.server, KeyUsages: []x509.ExtKeyUsage{c.usage}})
			if (err == nil) != c.trusted {
				t.Errorf("trusted is %v, want %v: %v", err == nil, c.trusted, err)
			}
			if cert.Subject.CommonName != c.request.User || !slices.Equal(cert.Subject.Organization, c.request.Groups) {
				t.Errorf("the certificate is for %v", cert.Subject)
			}
			if info, err := os.Stat(pair.KeyFile); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the key can be read by others: %v %v", info.Mode(), err)
			}
			if until := time.Until(cert.NotAfter); until < validity-2*time.Hour {
				t.Errorf("the certificate ends in %v", until)
			}
		})
	}
}

func TestAnAuthorityIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	first, err := EnsureAuthority(dir, "ca", "kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	second, err := EnsureAuthority(dir, "ca", "kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	if !first.cert.Equal(second.cert) || !first.key.Equal(second.key) {
		t.Error("the second call made another authority")
	}
	if _, err := SigningKey(dir, "sa"); err != nil {
		t.Error(err)
	}
}
