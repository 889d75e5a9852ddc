//! Every fault by name, where it strikes and what it does.

use serde::{Deserialize, Serialize};

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Area {
    /// Answers of the read API and of the token endpoint.
    Answer,
    /// Pages of lists.
    Page,
    /// Successful answers of the token endpoint.
    Token,
    /// Deliveries of webhooks.
    Webhook,
}

macro_rules! kinds {
    ($($variant:ident $name:literal $area:ident $says:literal;)*) => {
        /// A fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum Kind {
            $(#[serde(rename = $name)] $variant,)*
        }

        impl Kind {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(crate) fn area(self) -> Area {
                match self { $(Self::$variant => Area::$area,)* }
            }

            /// What it does, for the console and the documents.
            pub(crate) fn says(self) -> &'static str {
                match self { $(Self::$variant => $says,)* }
            }
        }
    };
}

kinds! {
    ServerError "server_error" Answer "500 with an error envelope, before anything is done";
    Unavailable "unavailable" Answer "503 with Retry-After, before anything is done";
    HtmlError "html_error" Answer "502 with an HTML page, as a proxy gives it, before anything is done";
    HtmlSuccess "html_success" Answer "200 with an HTML page, as a captive portal gives it, before anything is done";
    UnknownError "unknown_error" Answer "an error code that no document knows (418), before anything is done";
    ResetBefore "reset_before" Answer "the connection is closed, before anything is done";
    AnswerLost "answer_lost" Answer "everything is done, then the connection is closed without an answer";
    SlowAnswer "slow_answer" Answer "the answer comes after delay_ms (5000)";
    SlowBody "slow_body" Answer "the body trickles, a few bytes at a time, each after delay_ms (200)";
    TruncatedBody "truncated_body" Answer "the connection is closed in the middle of the body";
    InvalidJson "invalid_json" Answer "the body is cut and closed properly: not JSON";
    WrongContentType "wrong_content_type" Answer "good JSON that calls itself text/plain";
    OversizedAnswer "oversized_answer" Answer "the answer carries eight megabytes of padding";
    RateLimited "rate_limited" Answer "429 with Retry-After of `seconds` (2)";
    RateLimitedDate "rate_limited_date" Answer "429 whose Retry-After is an HTTP date";
    RateLimitedOdd "rate_limited_odd" Answer "429 whose Retry-After is no number (`text`, or 'soon')";
    RateLimitedSilent "rate_limited_silent" Answer "429 rate_limit_exceeded without Retry-After";
    ConcurrentLimited "concurrent_limited" Answer "429 concurrent_limit_exceeded";
    TokenExpired "token_expired" Answer "401 token_expired, though the token is fresh";
    TokenRevoked "token_revoked" Answer "401 token_revoked, though nothing was revoked";
    EmptyPageWithMore "empty_page_with_more" Page "no rows, and has_more is true";
    RepeatedCursor "repeated_cursor" Page "next_cursor is the cursor that was sent";
    MoreWithoutCursor "more_without_cursor" Page "has_more is true and next_cursor is null";
    CursorWithoutMore "cursor_without_more" Page "the last page, yet it has a next_cursor";
    DuplicateRows "duplicate_rows" Page "every row comes twice";
    UnknownFields "unknown_fields" Page "rows and page bear fields that no document knows";
    UnknownValues "unknown_values" Page "statuses bear values that no document knows";
    MissingFields "missing_fields" Page "rows bear nothing but their id";
    RevokeAfterPage "revoke_after_page" Page "the connection is revoked right after this page";
    WiderScope "wider_scope" Token "the answer names a scope that was not asked for";
    NarrowerScope "narrower_scope" Token "the answer names only the first of the granted scopes";
    OtherEvent "other_event" Token "the answer is bound to another event";
    NoRefreshToken "no_refresh_token" Token "the answer has no refresh token";
    NoExpiry "no_expiry" Token "the answer has no expires_in";
    DeliveryDuplicated "delivery_duplicated" Webhook "sent twice, one right after the other";
    DeliveryStorm "delivery_storm" Webhook "sent `times_sent` (10) times at once";
    DeliveryReordered "delivery_reordered" Webhook "held back for delay_ms (1500), so that later ones overtake it";
    DeliveryStale "delivery_stale" Webhook "signed `seconds` (301) ago: outside the window";
    DeliveryAhead "delivery_ahead" Webhook "signed `seconds` (301) in the future: a skewed clock";
    DeliveryCorrupted "delivery_corrupted" Webhook "one byte of the body changes after the signing";
    DeliveryTruncated "delivery_truncated" Webhook "the body is cut after the signing";
    DeliveryWrongSecret "delivery_wrong_secret" Webhook "signed with a secret that was never yours";
    DeliveryOldSecret "delivery_old_secret" Webhook "signed with the oldest secret, retired or not";
    DeliveryUnsigned "delivery_unsigned" Webhook "without the signature header";
    DeliveryBareSignature "delivery_bare_signature" Webhook "the signature lacks its prefix sha256=";
    DeliveryOtherId "delivery_other_id" Webhook "sent, then the captured request again under another delivery id";
    DeliveryOtherType "delivery_other_type" Webhook "the header X-Revento-Event disagrees with the body";
    DeliveryUnknownType "delivery_unknown_type" Webhook "a genuine envelope of a type that no document knows";
    DeliveryUnknownFields "delivery_unknown_fields" Webhook "a genuine envelope with fields that no document knows";
    DeliveryTitleCase "delivery_title_case" Webhook "header names in title case: X-Revento-Signature, as some proxies write them";
    DeliveryDropped "delivery_dropped" Webhook "not sent at all; the attempt counts as failed";
    DeliveryAckLost "delivery_ack_lost" Webhook "sent, but the answer is lost: the attempt counts as failed";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_more_than_twenty_five_faults_and_no_name_twice() {
        let mut names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
        assert!(names.len() > 25);
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert!(!kind.says().is_empty());
        }
    }
}
