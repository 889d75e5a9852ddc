package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

const window = 300 // seconds

var (
	decimal = regexp.MustCompile(`^[0-9]{1,12}$`)
	id      = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
)

// delivery is what the headers say. Only the timestamp is signed.
type delivery struct {
	id, eventType, timestamp, signature string
}

// readHeaders returns false if a header is missing, repeated or malformed.
func readHeaders(header http.Header) (d delivery, ok bool) {
	for name, value := range map[string]*string{
		"X-Revento-Delivery-Id": &d.id,
		"X-Revento-Event":       &d.eventType,
		"X-Revento-Timestamp":   &d.timestamp,
		"X-Revento-Signature":   &d.signature,
	} {
		values := header.Values(name)
		if len(values) != 1 || values[0] == "" {
			return delivery{}, false
		}
		*value = values[0]
	}
	return d, id.MatchString(d.id)
}

// isSigned checks the window, and the signature over the bytes as they arrived.
func (d delivery) isSigned(secrets []string, body []byte, now time.Time) bool {
	if !decimal.MatchString(d.timestamp) {
		return false
	}
	seconds, err := strconv.ParseInt(d.timestamp, 10, 64)
	if age := now.Unix() - seconds; err != nil || age > window || age < -window {
		return false
	}
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(d.timestamp + "."))
		mac.Write(body)
		expected := "sha256=" + hex.EncodeToString(mac.Sum(nil))
		if hmac.Equal([]byte(expected), []byte(d.signature)) { // constant time
			return true
		}
	}
	return false
}
