package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"
)

// remembered is longer than the platform sends or replays a webhook.
const remembered = 30 * 24 * time.Hour

// entry is a webhook in a file of its own, which is named after the signed id of its envelope.
type entry struct {
	EnvelopeID string          `json:"envelope_id"`
	DeliveryID string          `json:"delivery_id"`
	Type       string          `json:"type"`
	EventID    *string         `json:"event_id"`
	HandledAt  *time.Time      `json:"handled_at,omitempty"`
	Body       json.RawMessage `json:"body,omitempty"` // until it is handled
}

// inbox is a folder. Several processes may use it at once.
type inbox struct {
	folder  string
	waiting chan string
	handle  func(entry) error
}

func openInbox(folder string, handle func(entry) error) (*inbox, error) {
	in := &inbox{folder: folder, waiting: make(chan string, 1024), handle: handle}
	return in, os.MkdirAll(folder, 0o700)
}

// store returns when the webhook is on the disk. Of all that have the same envelope id, one is new.
func (in *inbox) store(e entry) (isNew bool, err error) {
	temporary, err := in.write(e)
	if err != nil {
		return false, err
	}
	defer os.Remove(temporary)
	path := in.path(e.EnvelopeID)
	err = os.Link(temporary, path) // fails if there is one already
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err == nil {
		err = in.sync()
	}
	if err != nil {
		return false, err
	}
	go func() { in.waiting <- path }()
	return true, nil
}

// run handles webhooks for ever, and first those that an earlier process has left.
func (in *inbox) run() {
	go func() {
		for _, e := range in.entries() {
			if e.HandledAt == nil {
				in.waiting <- in.path(e.EnvelopeID)
			} else if time.Since(*e.HandledAt) > remembered {
				os.Remove(in.path(e.EnvelopeID))
			}
		}
	}()
	for path := range in.waiting {
		if err := in.handleFile(path); err != nil {
			log("webhook not handled", fields{"reason": err.Error()})
			again := path
			time.AfterFunc(5*time.Second, func() { in.waiting <- again })
		}
	}
}

func (in *inbox) handleFile(path string) error {
	e, err := read(path)
	if err != nil || e.HandledAt != nil {
		return err
	}
	if err := in.handle(e); err != nil {
		return err
	}
	// The body has personal data, and nobody needs it any more. The ids stay, to recognise a replay.
	now := time.Now()
	e.Body, e.HandledAt = nil, &now
	temporary, err := in.write(e)
	if err != nil {
		return err
	}
	log("webhook handled", fields{"delivery_id": e.DeliveryID, "type": e.Type})
	return os.Rename(temporary, path)
}

// handled returns what was handled, in that order, by its ids.
func (in *inbox) handled() []entry {
	handled := []entry{}
	for _, e := range in.entries() {
		if e.HandledAt != nil {
			handled = append(handled, e)
		}
	}
	sort.Slice(handled, func(a, b int) bool { return handled[a].HandledAt.Before(*handled[b].HandledAt) })
	for i, e := range handled {
		handled[i] = entry{EnvelopeID: e.EnvelopeID, DeliveryID: e.DeliveryID, Type: e.Type, EventID: e.EventID}
	}
	return handled
}

func (in *inbox) entries() (found []entry) {
	paths, _ := filepath.Glob(filepath.Join(in.folder, "*.json"))
	for _, path := range paths {
		if e, err := read(path); err == nil {
			found = append(found, e)
		}
	}
	return found
}

func (in *inbox) path(envelopeID string) string {
	digest := sha256.Sum256([]byte(envelopeID)) // any text is an id, but not any text is a file's name
	return filepath.Join(in.folder, hex.EncodeToString(digest[:])+".json")
}

// write returns the path of a new file that is on the disk, and that only this user can read.
func (in *inbox) write(e entry) (string, error) {
	file, err := os.CreateTemp(in.folder, "*.tmp")
	if err != nil {
		return "", err
	}
	defer file.Close()
	if err := json.NewEncoder(file).Encode(e); err != nil {
		return "", err
	}
	return file.Name(), file.Sync()
}

// sync makes the names in the folder survive a crash of the machine.
func (in *inbox) sync() error {
	folder, err := os.Open(in.folder)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func read(path string) (e entry, err error) {
	bytes, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(bytes, &e)
	}
	return e, err
}
