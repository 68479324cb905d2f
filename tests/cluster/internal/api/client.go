// Package api speaks to an API server as the bed's own commands need it: a request, or a watch that ends with a
// condition. It knows no types but what it is handed; `testbed kubectl` is for people.
package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Client is a client of one API server.
type Client struct {
	server string
	http   *http.Client
}

// Credentials are the files that say who we are and whom we trust.
type Credentials struct{ CAFile, CertFile, KeyFile string }

// Status is an answer other than success.
type Status struct {
	Code    int
	Message string
}

func (s *Status) Error() string {
	return fmt.Sprintf("the API server answers %d: %s", s.Code, s.Message)
}

// maxAnswer bounds what is read of one answer: some thousand nodes.
const maxAnswer = 64 << 20

// New makes a client of a server, as "https://172.30.0.1:6443".
func New(server string, credentials Credentials) (*Client, error) {
	authority, err := os.ReadFile(credentials.CAFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read the cluster's authority: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, fmt.Errorf("no certificate in %s", credentials.CAFile)
	}
	pair, err := tls.LoadX509KeyPair(credentials.CertFile, credentials.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("cannot read the client's certificate: %w", err)
	}
	return &Client{server: server, http: &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}},
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,
	}}}, nil
}

// Do sends one request and returns the answer's body. A body is JSON unless its type is given.
func (c *Client) Do(ctx context.Context, method, path string, body []byte, contentType string) ([]byte, error) {
	answer, err := c.send(ctx, method, path, body, contentType)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("cannot read the answer to %s %s: %w", method, path, err)
	}
	if answer.StatusCode >= 300 {
		return text, statusOf(answer.StatusCode, text)
	}
	return text, nil
}

// Create posts an object and takes one that is there already for success.
func (c *Client) Create(ctx context.Context, path string, object any) error {
	body, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("cannot write an object for %s: %w", path, err)
	}
	_, err = c.Do(ctx, http.MethodPost, path, body, "")
	var status *Status
	if errors.As(err, &status) && status.Code == http.StatusConflict {
		return nil
	}
	return err
}

// Ready asks whether the server is ready to serve.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.Do(ctx, http.MethodGet, "/readyz", nil, "")
	return err
}

// WaitReady returns when the server answers that it is ready.
func (c *Client) WaitReady(ctx context.Context) error {
	for {
		one, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := c.Ready(one)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the API server at %s is not ready: %w", c.server, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Event is one event of a watch. Items of the list that a watch begins with arrive as ADDED.
type Event struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// Watch lists a collection and follows it until the function says that it has seen enough. When the server or the
// connection ends, it lists anew; the function is told by an event of type RESET.
func (c *Client) Watch(ctx context.Context, path string, see func(Event) (enough bool, err error)) error {
	for {
		enough, err := c.watchOnce(ctx, path, see)
		if enough {
			return nil
		}
		var refused *Status
		if errors.As(err, &refused) && refused.Code < 500 && refused.Code != http.StatusGone && refused.Code != 429 {
			return err
		}
		var wrong *seeError
		if errors.As(err, &wrong) {
			return wrong.error
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up watching %s: %w", path, errors.Join(context.Cause(ctx), err))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// seeError is an error of the watcher's own function, which ends the watch.
type seeError struct{ error }

func (c *Client) watchOnce(ctx context.Context, path string, see func(Event) (bool, error)) (bool, error) {
	text, err := c.Do(ctx, http.MethodGet, path, nil, "")
	if err != nil {
		return false, err
	}
	var list struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return false, fmt.Errorf("cannot read the list of %s: %w", path, err)
	}
	events := []Event{{Type: "RESET"}}
	for _, item := range list.Items {
		events = append(events, Event{Type: "ADDED", Object: item})
	}
	for _, event := range events {
		if enough, err := see(event); err != nil {
			return false, &seeError{err}
		} else if enough {
			return true, nil
		}
	}
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	answer, err := c.send(ctx, http.MethodGet, path+separator+"watch=1&allowWatchBookmarks=true&resourceVersion="+
		url.QueryEscape(list.Metadata.ResourceVersion), nil, "")
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
		return false, errors.Join(statusOf(answer.StatusCode, text), err)
	}
	decoder := json.NewDecoder(answer.Body)
	for {
		var event Event
		if err := decoder.Decode(&event); err != nil {
			return false, fmt.Errorf("the watch of %s ended: %w", path, err)
		}
		if event.Type == "BOOKMARK" {
			continue
		}
		if event.Type == "ERROR" {
			return false, statusOf(http.StatusGone, event.Object)
		}
		if enough, err := see(event); err != nil {
			return false, &seeError{err}
		} else if enough {
			return true, nil
		}
	}
}

func (c *Client) send(ctx context.Context, method, path string, body []byte, contentType string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("cannot ask the API server for %s: %w", path, err)
	}
	request.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		if contentType == "" {
			contentType = "application/json"
		}
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the API server: %w", err)
	}
	return answer, nil
}

func statusOf(code int, text []byte) error {
	var body struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &body) != nil || body.Message == "" {
		body.Message = strings.TrimSpace(string(text[:min(len(text), 500)]))
	}
	return &Status{Code: code, Message: body.Message}
}
