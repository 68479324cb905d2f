// Package pki makes the certificates of a cluster as kubeadm lays them out: three authorities (the cluster's, etcd's,
// the front proxy's), a key for service accounts, and one certificate for each who speaks to another.
//
// Keys are ECDSA P-256: fifty certificates are made in a few milliseconds. All are good for a year from an hour ago.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// validity is how long everything made here is good for.
const validity = 365 * 24 * time.Hour

// Authority signs certificates.
type Authority struct {
	// CertFile and KeyFile are its files.
	CertFile, KeyFile string
	cert              *x509.Certificate
	key               *ecdsa.PrivateKey
}

// Pair is the files of a certificate and its key.
type Pair struct{ CertFile, KeyFile string }

// Request says whom a certificate is for.
type Request struct {
	// User is the common name, Groups the organizations: so Kubernetes reads who a client is.
	User   string
	Groups []string
	// Hosts are the names and addresses that a server is reached by. Without any the certificate is a client's only.
	Hosts []string
}

// EnsureAuthority makes an authority in a folder, or loads the one that is there.
func EnsureAuthority(dir, name, commonName string) (*Authority, error) {
	a := &Authority{CertFile: filepath.Join(dir, name+".crt"), KeyFile: filepath.Join(dir, name+".key")}
	if _, err := os.Stat(a.CertFile); err == nil {
		return a, a.load()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the authority %s: %w", name, err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make a key for the authority %s: %w", name, err)
	}
	template, err := template(commonName, nil)
	if err != nil {
		return nil, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageCRLSign
	template.DNSNames = []string{commonName}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("cannot sign the authority %s: %w", name, err)
	}
	if err := writeKey(a.KeyFile, key); err != nil {
		return nil, err
	}
	if err := writePEM(a.CertFile, "CERTIFICATE", der, 0o644); err != nil {
		return nil, err
	}
	return a, a.load()
}

// Issue makes a key and a certificate for it as the files NAME.key and NAME.crt of a folder.
func (a *Authority) Issue(dir, name string, request Request) (Pair, error) {
	pair := Pair{filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair, fmt.Errorf("cannot make a key for %s: %w", name, err)
	}
	template, err := template(request.User, request.Groups)
	if err != nil {
		return pair, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if len(request.Hosts) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	for _, host := range request.Hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return pair, fmt.Errorf("cannot sign the certificate of %s: %w", name, err)
	}
	if err := writeKey(pair.KeyFile, key); err != nil {
		return pair, err
	}
	return pair, writePEM(pair.CertFile, "CERTIFICATE", der, 0o644)
}

// SigningKey makes the key that service accounts' tokens are signed with, NAME.key, and its public half, NAME.pub.
func SigningKey(dir, name string) (Pair, error) {
	pair := Pair{filepath.Join(dir, name+".pub"), filepath.Join(dir, name+".key")}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair, fmt.Errorf("cannot make the key %s: %w", name, err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return pair, fmt.Errorf("cannot write the key %s: %w", name, err)
	}
	if err := writeKey(pair.KeyFile, key); err != nil {
		return pair, err
	}
	return pair, writePEM(pair.CertFile, "PUBLIC KEY", der, 0o644)
}

func (a *Authority) load() error {
	certificate, err := readPEM(a.CertFile)
	if err != nil {
		return err
	}
	if a.cert, err = x509.ParseCertificate(certificate); err != nil {
		return fmt.Errorf("cannot read the certificate %s: %w", a.CertFile, err)
	}
	key, err := readPEM(a.KeyFile)
	if err != nil {
		return err
	}
	if a.key, err = x509.ParseECPrivateKey(key); err != nil {
		return fmt.Errorf("cannot read the key %s: %w", a.KeyFile, err)
	}
	return nil
}

func template(user string, groups []string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("cannot draw a serial number: %w", err)
	}
	begin := time.Now().Add(-time.Hour)
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: user, Organization: groups},
		NotBefore:    begin,
		NotAfter:     begin.Add(validity),
	}, nil
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("cannot write the key %s: %w", path, err)
	}
	return writePEM(path, "EC PRIVATE KEY", der, 0o600)
}

func writePEM(path, kind string, der []byte, mode fs.FileMode) error {
	text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(path, text, mode); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}

func readPEM(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is no PEM file", path)
	}
	return block.Bytes, nil
}
