//! The mistakes that cannot be made without touching other checks.

use revento_doctor::{CheckResult, Outcome};

/// A mistake that cannot be made without touching other checks, and why.
pub(crate) struct Implies {
    pub(crate) mistake: &'static str,
    /// These checks fail too.
    pub(crate) fails: &'static [&'static str],
    /// These checks, or all of these families, cannot be completed.
    pub(crate) blocks: &'static [&'static str],
    pub(crate) because: &'static str,
}

impl Implies {
    const NOTHING: Self = Self {
        mistake: "",
        fails: &[],
        blocks: &[],
        because: "",
    };

    /// What a mistake implies.
    pub(crate) fn of(mistake: &str) -> &'static Self {
        let found = IMPLIES.iter().find(|implies| implies.mistake == mistake);
        found.unwrap_or(&Self::NOTHING)
    }

    /// Whether a mistake is made alone.
    pub(crate) fn is_alone(mistake: &str) -> bool {
        SLOW.contains(&mistake) || IMPLIES.iter().any(|implies| implies.mistake == mistake)
    }

    /// Whether this check may come to no judgement.
    pub(crate) fn blocks(&self, result: &CheckResult) -> bool {
        if !matches!(
            result.outcome,
            Outcome::Untestable { .. } | Outcome::NotChecked { .. }
        ) {
            return false;
        }
        let mut names = self.blocks.iter();
        names.any(|name| *name == result.check.id || *name == result.check.family.name())
    }
}

/// All families.
const EVERYTHING: &[&str] = &[
    "signature",
    "delivery",
    "oauth",
    "tokens",
    "reading",
    "ending",
    "storage",
    "webview",
];

/// The mistakes that let an integration wait, or the doctor.
const SLOW: &[&str] = &[
    "delivery-acknowledged-survive-kill",
    "delivery-burst",
    "delivery-quick-from-cold",
    "delivery-quick-under-load",
    "delivery-queued-first",
    "delivery-retried-after-kill",
    "signature-timestamp-changed",
];

/// All of them.
pub(crate) const IMPLIES: &[Implies] = &[
    Implies {
        mistake: "ending-revoked",
        fails: &[],
        blocks: &["ending"],
        because: "what follows from a webhook cannot be seen if it is not taken",
    },
    Implies {
        mistake: "ending-reconnect",
        fails: &[],
        blocks: &["ending-without-webhook"],
        because: "an event that cannot be connected again has no end that a call could tell of",
    },
    Implies {
        mistake: "ending-late-webhook-acknowledged",
        fails: &[],
        blocks: &["ending-late-data-not-kept"],
        because: "what is refused is not kept",
    },
    Implies {
        mistake: "ending-deletion",
        fails: &[],
        blocks: &["ending-deletion-only-that-event", "ending-late-data-not-kept"],
        because: "whoever deletes nothing does not delete too much, either",
    },
    Implies {
        mistake: "tokens-refresh-at-expiry",
        fails: &[],
        blocks: &["tokens", "reading-expired-mid-list"],
        because: "whoever never refreshes shows nothing of a refresh",
    },
    Implies {
        mistake: "tokens-lost-answer-not-resent",
        fails: &[],
        blocks: &["tokens-lost-answer-keeps-access"],
        because: "the second sending ends the access token, too",
    },
    Implies {
        mistake: "tokens-revoked-not-refreshed",
        fails: &[],
        blocks: &["tokens-revoked-remembered"],
        because: "a refresh begins a new pair, which is not known to be revoked",
    },
    Implies {
        mistake: "reading-all-pages",
        fails: &[],
        blocks: &[
            "reading-empty-page",
            "reading-opaque-cursor",
            "reading-expired-mid-list",
        ],
        because: "whoever reads the first page only shows nothing of the others",
    },
    Implies {
        mistake: "reading-request-id",
        fails: &[],
        blocks: &["reading-request-id-fresh"],
        because: "an id that is missing is neither fresh nor old",
    },
    Implies {
        mistake: "signature-good",
        fails: &[
            "ending-event-archived",
            "ending-integration-suspended",
            "ending-integration-unpublished",
            "ending-organization-not-formal",
            "ending-revoked",
        ],
        blocks: &["signature", "delivery", "ending", "storage-log-delivery-ids"],
        because: "a receiver that refuses every webhook shows nothing else",
    },
    Implies {
        mistake: "tokens-newest-refresh-token",
        fails: &["reading-expired-mid-list"],
        blocks: &[],
        because: "a list whose token expires needs the second refresh of a connection",
    },
    Implies {
        mistake: "tokens-per-connection",
        fails: &["ending-participant-only"],
        blocks: &[],
        because: "the connection of the event is lost to the next one",
    },
    Implies {
        mistake: "delivery-null-ids",
        fails: &["ending-integration-suspended"],
        blocks: &[],
        because: "the webhook about a suspension has no ids",
    },
    Implies {
        mistake: "delivery-no-redirect",
        fails: &[
            "ending-event-archived",
            "ending-integration-suspended",
            "ending-integration-unpublished",
            "ending-organization-not-formal",
            "ending-revoked",
        ],
        blocks: &["signature", "delivery", "ending", "storage-log-delivery-ids"],
        because: "a receiver that redirects every webhook shows nothing else",
    },
    Implies {
        mistake: "delivery-handled",
        fails: &[],
        blocks: &[
            "delivery-acknowledged-survive-kill",
            "delivery-duplicate",
            "delivery-duplicates-at-once",
            "delivery-other-delivery-id",
            "delivery-remembers-after-restart",
            "delivery-retried-after-kill",
            "ending-late-data-not-kept",
        ],
        because: "what is never handled is not handled twice or after a crash, either",
    },
    Implies {
        mistake: "delivery-duplicate",
        fails: &[],
        blocks: &["delivery-remembers-after-restart"],
        because: "whoever handles each retry again also does it after a restart",
    },
    Implies {
        mistake: "delivery-unknown-type",
        fails: &[],
        blocks: &["delivery-null-ids"],
        because: "the types whose ids are null end every connection, so the doctor uses an unknown type",
    },
    Implies {
        mistake: "oauth-connect",
        fails: &[],
        blocks: EVERYTHING,
        because: "no event can be connected",
    },
    Implies {
        mistake: "oauth-pkce",
        fails: &[],
        blocks: EVERYTHING,
        because: "no event can be connected",
    },
    Implies {
        mistake: "oauth-verifier",
        fails: &[],
        blocks: EVERYTHING,
        because: "no event can be connected",
    },
    Implies {
        mistake: "oauth-scopes",
        fails: &[],
        blocks: EVERYTHING,
        because: "no event can be connected",
    },
    Implies {
        mistake: "oauth-token-request",
        fails: &[],
        blocks: EVERYTHING,
        because: "no event can be connected",
    },
    Implies {
        mistake: "oauth-redirect-uri",
        fails: &[],
        blocks: EVERYTHING,
        because: "no event can be connected",
    },
    Implies {
        mistake: "oauth-client-authentication",
        fails: &[],
        blocks: EVERYTHING,
        because: "no event can be connected",
    },
    Implies {
        mistake: "oauth-state-fresh",
        fails: &[],
        blocks: &["oauth-state-guessable", "oauth-two-tabs"],
        because: "flows with the same state cannot be told apart",
    },
    Implies {
        mistake: "oauth-login",
        fails: &[],
        blocks: &["oauth", "ending"],
        because: "nobody can log in",
    },
    Implies {
        mistake: "oauth-login-request",
        fails: &[],
        blocks: &["oauth", "ending"],
        because: "nobody can log in",
    },
    Implies {
        mistake: "tokens-refresh-at-expiry",
        fails: &[],
        blocks: &["tokens"],
        because: "without a refresh, nothing shows how the integration refreshes",
    },
    Implies {
        mistake: "tokens-lost-answer-not-resent",
        fails: &[],
        blocks: &["tokens-lost-answer-keeps-access"],
        because: "a token that is sent twice ends the family, and with it the access token",
    },
    Implies {
        mistake: "tokens-revoked-not-refreshed",
        fails: &[],
        blocks: &["tokens-revoked-remembered"],
        because: "whoever refreshes has not taken the revocation for one, so there is nothing to remember",
    },
];
