package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// client speaks to a handler without TLS: what is tested is the protocol above it.
func client(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &Client{server: server.URL, http: server.Client()}
}

func TestWatchFollowsAListAndBeginsAnewWhenItEnds(t *testing.T) {
	var lists atomic.Int32
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Get("watch") == "":
			fmt.Fprintf(w, `{"metadata":{"resourceVersion":"%d"},"items":[{"n":"listed"}]}`, lists.Add(1))
		case r.URL.Query().Get("resourceVersion") == "1":
			fmt.Fprint(w, `{"type":"BOOKMARK","object":{}}{"type":"MODIFIED","object":{"n":"changed"}}`)
		default:
			fmt.Fprint(w, `{"type":"ERROR","object":{"message":"too old"}}`)
		}
	})
	var seen []string
	err := c.Watch(context.Background(), "/things?x=y", func(event Event) (bool, error) {
		var object struct {
			N string `json:"n"`
		}
		if len(event.Object) > 0 {
			if err := json.Unmarshal(event.Object, &object); err != nil {
				return false, err
			}
		}
		seen = append(seen, strings.TrimSpace(event.Type+" "+object.N))
		return lists.Load() == 3, nil
	})
	want := "RESET, ADDED listed, MODIFIED changed, RESET, ADDED listed, RESET"
	if got := strings.Join(seen, ", "); err != nil || got != want {
		t.Errorf("saw %s, %v; want %s", got, err, want)
	}
}

func TestWatchEnds(t *testing.T) {
	forbidden := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"message":"not you"}`)
	})
	var status *Status
	err := forbidden.Watch(context.Background(), "/things", func(Event) (bool, error) { return false, nil })
	if !errors.As(err, &status) || status.Code != http.StatusForbidden || status.Message != "not you" {
		t.Errorf("a refusal: %v", err)
	}

	full := client(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"items":[{}]}`) })
	wrong := errors.New("wrong")
	err = full.Watch(context.Background(), "/things", func(Event) (bool, error) { return false, wrong })
	if !errors.Is(err, wrong) {
		t.Errorf("the watcher's own error: %v", err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	broken := client(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusInternalServerError)
	})
	if err := broken.Watch(ctx, "/things", func(Event) (bool, error) { return true, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a server that is broken until the patience ends: %v", err)
	}
}

func TestCreateTakesWhatIsThereForSuccess(t *testing.T) {
	for code, good := range map[int]bool{201: true, 409: true, 422: false, 500: false} {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || string(body) != `{"a":1}` || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("asked for %q, %v", body, err)
			}
			w.WriteHeader(code)
			fmt.Fprint(w, "no JSON")
		})
		if err := c.Create(context.Background(), "/things", map[string]int{"a": 1}); (err == nil) != good {
			t.Errorf("%d: %v", code, err)
		}
	}
}
