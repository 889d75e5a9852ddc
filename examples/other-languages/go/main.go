// A receiver of Revento's webhooks, written from the platform's contract with Go's standard library alone.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"
)

const maxBody = 1 << 20

type fields map[string]any

// log writes one JSON line to stderr. Ids only: no secret, no personal data.
func log(message string, more fields) {
	line := fields{"at": time.Now().UTC().Format(time.RFC3339Nano), "message": message}
	for name, value := range more {
		line[name] = value
	}
	json.NewEncoder(os.Stderr).Encode(line)
}

// envelope is the signed body. What this program does not know it ignores.
type envelope struct {
	ID      string  `json:"id"`
	Type    string  `json:"type"`
	EventID *string `json:"event_id"`
}

// handle is where your code goes. It may run twice for one webhook, if the machine stops in the middle.
func handle(e entry) error {
	switch e.Type {
	case "application.approved": // e.Body has all that is needed: no call back
	case "data.deletion_required": // delete what you keep of this event's people, within 30 days
	default: // an unknown type is not an error
	}
	return nil
}

type receiver struct {
	secrets []string
	inbox   *inbox
}

func (rc receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	head, ok := readHeaders(r.Header)
	refuse := func(status int, why string) {
		log("webhook refused", fields{"delivery_id": head.id, "status": status, "why": why})
		http.Error(w, why, status)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		refuse(http.StatusRequestEntityTooLarge, "too large")
		return
	case err != nil:
		refuse(http.StatusBadRequest, "incomplete")
		return
	case !ok || !head.isSigned(rc.secrets, body, time.Now()):
		refuse(http.StatusUnauthorized, "not verified")
		return
	}
	var env envelope
	if !utf8.Valid(body) || json.Unmarshal(body, &env) != nil || env.ID == "" || env.Type == "" {
		refuse(http.StatusUnprocessableEntity, "verified, but not an envelope")
		return
	}
	if env.Type != head.eventType { // the header is not signed
		refuse(http.StatusUnauthorized, "not verified")
		return
	}
	isNew, err := rc.inbox.store(entry{
		EnvelopeID: env.ID, DeliveryID: head.id, Type: env.Type, EventID: env.EventID, Body: body,
	})
	if err != nil { // the platform sends it again
		refuse(http.StatusServiceUnavailable, "not stored")
		return
	}
	log("webhook stored", fields{"delivery_id": head.id, "type": env.Type, "duplicate": !isNew})
	w.WriteHeader(http.StatusNoContent)
}

func main() {
	secrets := []string{required("REVENTO_WEBHOOK_SECRET")}
	if previous := os.Getenv("REVENTO_WEBHOOK_SECRET_PREVIOUS"); previous != "" { // while it is being rotated
		secrets = append(secrets, previous)
	}
	in, err := openInbox(filepath.Join(required("DATA_DIR"), "inbox"), handle)
	exitOn(err)
	go in.run()

	http.Handle("/webhooks", receiver{secrets, in})
	http.HandleFunc("/handled", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(in.handled())
	})
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	server := http.Server{
		Addr:              "127.0.0.1:" + required("PORT"),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
	}
	log("listening", fields{"address": server.Addr})
	exitOn(server.ListenAndServe())
}

func required(name string) string {
	value := os.Getenv(name)
	if value == "" {
		exitOn(errors.New(name + " is not set"))
	}
	return value
}

func exitOn(err error) {
	if err != nil {
		log("cannot go on", fields{"reason": err.Error()})
		os.Exit(1)
	}
}
