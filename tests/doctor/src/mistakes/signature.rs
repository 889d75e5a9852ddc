//! Mistakes with the signature of webhooks.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[
    ("signature-good", "leaves out the dot between timestamp and body"),
    (
        "signature-wrong-secret",
        "takes a previous secret that is not set for an empty one",
    ),
    (
        "signature-other-scheme",
        "also accepts an older scheme, which signs the body alone",
    ),
    (
        "signature-missing-signature",
        "takes an envelope without a signature for a test from the console",
    ),
    (
        "signature-missing-timestamp",
        "puts an empty text in the place of a missing timestamp",
    ),
    (
        "signature-missing-event",
        "takes the type from the body when its header is missing",
    ),
    (
        "signature-missing-delivery-id",
        "makes a delivery id up when it is missing",
    ),
    ("signature-empty-header", "takes an empty delivery id"),
    (
        "signature-repeated-header",
        "takes the first of several values of a header",
    ),
    (
        "signature-header-case",
        "finds the header of the signature in lower case only",
    ),
    (
        "signature-truncated",
        "compares as many digits as the signature has",
    ),
    ("signature-prefix", "looks only at what follows the equals sign"),
    (
        "signature-upper-case-hex",
        "compares the digits in any letter case",
    ),
    (
        "signature-stale",
        "accepts webhooks that are up to ten minutes old",
    ),
    ("signature-future", "accepts webhooks from the future"),
    ("signature-clock-skew", "has a window of 20 seconds"),
    (
        "signature-almost-stale",
        "has a window that ends 15 seconds too early",
    ),
    (
        "signature-timestamp-changed",
        "looks for an earlier timestamp that fits the signature",
    ),
    (
        "signature-timestamp-text",
        "reads the timestamp as a floating-point number",
    ),
    (
        "signature-timestamp-milliseconds",
        "guesses the unit of the timestamp",
    ),
    (
        "signature-event-changed",
        "does not compare the header of the type with the body",
    ),
    ("signature-refusal-status", "answers 404 to a forgery"),
    (
        "signature-uniform-answer",
        "tells the sender of a forgery what is wrong with it",
    ),
    (
        "signature-answer-leaks",
        "answers a forgery with the signature that would be right",
    ),
    (
        "signature-refused-not-handled",
        "stores a webhook before it verifies it",
    ),
    (
        "signature-body-changed",
        "does not verify a signature again that it has verified",
    ),
    (
        "signature-body-reserialised",
        "serialises the body again before it verifies it",
    ),
    (
        "signature-body-bom",
        "strips a byte order mark before it verifies the body",
    ),
    ("signature-body-newline", "trims the body before it verifies it"),
    (
        "signature-raw-bytes",
        "takes a body with line breaks for an attack",
    ),
    ("signature-unicode", "takes the body for ASCII"),
    (
        "signature-not-utf8",
        "verifies what a decoder has made of the body",
    ),
    (
        "signature-any-length",
        "loses the last byte of a body that fills its buffers exactly",
    ),
    (
        "signature-unreadable-body",
        "answers 500 to a signed body that is not an envelope",
    ),
    (
        "signature-forged-garbage",
        "parses a forgery to log it, and answers 500 if it cannot",
    ),
    ("signature-gzip", "unpacks the body before it verifies it"),
    ("signature-large-body", "refuses bodies of more than 100 kB"),
    ("signature-huge-body", "reads bodies of any size into its memory"),
    ("signature-chunked", "requires a Content-Length"),
    ("signature-expect-continue", "refuses the header Expect"),
    ("signature-rotation-overlap", "knows one webhook secret only"),
    (
        "signature-rotation-over",
        "keeps every webhook secret that it ever had",
    ),
];
