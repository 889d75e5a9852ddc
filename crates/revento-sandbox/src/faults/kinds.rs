//! Every kind of fault: its name, where it triggers and what it does.

use serde::{Deserialize, Serialize};

/// Where a fault triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultArea {
    /// Answers of the read API and of the token endpoint.
    Answer,
    /// Pages of the lists of the read API.
    Page,
    /// Successful answers of the token endpoint.
    Token,
    /// Deliveries of webhooks.
    Webhook,
}

macro_rules! kinds {
    ($($variant:ident $name:literal $area:ident $description:literal;)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum FaultKind {
            $(#[serde(rename = $name)] $variant,)*
        }

        impl FaultKind {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            pub(crate) fn area(self) -> FaultArea {
                match self { $(Self::$variant => FaultArea::$area,)* }
            }

            /// What the fault does, for the console and the control API.
            pub(crate) fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }
        }
    };
}

kinds! {
    ServerError "server_error" Answer "answers 500 with an error envelope without processing the request";
    Unavailable "unavailable" Answer "answers 503 with Retry-After without processing the request";
    HtmlError "html_error" Answer "answers 502 with an HTML page, as a proxy does, without processing the request";
    HtmlSuccess "html_success" Answer "answers 200 with an HTML page, as a captive portal does, without processing the request";
    UnknownError "unknown_error" Answer "answers 418 with an undocumented error code without processing the request";
    ResetBefore "reset_before" Answer "closes the connection without processing the request";
    AnswerLost "answer_lost" Answer "processes the request, then closes the connection without an answer";
    SlowAnswer "slow_answer" Answer "answers after delay_ms (5000)";
    SlowBody "slow_body" Answer "sends the body 16 bytes at a time, with a pause of delay_ms (200) before each";
    TruncatedBody "truncated_body" Answer "closes the connection in the middle of the body";
    InvalidJson "invalid_json" Answer "cuts the body in half and ends it properly: not valid JSON";
    WrongContentType "wrong_content_type" Answer "sends valid JSON with the content type text/plain";
    OversizedAnswer "oversized_answer" Answer "adds eight mebibytes of padding to the body";
    RateLimited "rate_limited" Answer "answers 429 with a Retry-After of seconds (2)";
    RateLimitedDate "rate_limited_date" Answer "answers 429 with an HTTP date as Retry-After";
    RateLimitedOdd "rate_limited_odd" Answer "answers 429 with text ('soon') as Retry-After";
    RateLimitedSilent "rate_limited_silent" Answer "answers 429 rate_limit_exceeded without Retry-After";
    ConcurrentLimited "concurrent_limited" Answer "answers 429 concurrent_limit_exceeded";
    TokenExpired "token_expired" Answer "answers 401 token_expired, although the token is valid";
    TokenRevoked "token_revoked" Answer "answers 401 token_revoked, although nothing was revoked";
    EmptyPageWithMore "empty_page_with_more" Page "sends no rows, and has_more is true";
    RepeatedCursor "repeated_cursor" Page "sends the request's own cursor as next_cursor";
    MoreWithoutCursor "more_without_cursor" Page "sends has_more true with next_cursor null";
    CursorWithoutMore "cursor_without_more" Page "sends has_more false with a next_cursor";
    DuplicateRows "duplicate_rows" Page "sends every row twice";
    UnknownFields "unknown_fields" Page "adds undocumented fields to the rows and the page";
    UnknownValues "unknown_values" Page "sends undocumented values of statuses";
    MissingFields "missing_fields" Page "sends rows with only their id";
    RevokeAfterPage "revoke_after_page" Page "revokes the connection right after this page";
    WiderScope "wider_scope" Token "adds a scope that was not requested to the answer";
    NarrowerScope "narrower_scope" Token "names only the first of the granted scopes";
    OtherEvent "other_event" Token "names another event in the answer";
    NoRefreshToken "no_refresh_token" Token "omits the refresh token";
    NoExpiry "no_expiry" Token "omits expires_in";
    DeliveryDuplicated "delivery_duplicated" Webhook "sends the request twice, one right after the other";
    DeliveryStorm "delivery_storm" Webhook "sends the request times_sent (10) times at once";
    DeliveryReordered "delivery_reordered" Webhook "holds the request back for delay_ms (1500), so that later ones overtake it";
    DeliveryStale "delivery_stale" Webhook "signs with a time seconds (301) in the past: outside the window";
    DeliveryAhead "delivery_ahead" Webhook "signs with a time seconds (301) in the future: a skewed clock";
    DeliveryCorrupted "delivery_corrupted" Webhook "changes one byte of the body after signing";
    DeliveryTruncated "delivery_truncated" Webhook "cuts the body in half after signing";
    DeliveryWrongSecret "delivery_wrong_secret" Webhook "signs with a secret of another integration";
    DeliveryOldSecret "delivery_old_secret" Webhook "signs with the oldest secret, even if it has retired";
    DeliveryUnsigned "delivery_unsigned" Webhook "omits the signature header";
    DeliveryBareSignature "delivery_bare_signature" Webhook "omits the prefix sha256= of the signature";
    DeliveryOtherId "delivery_other_id" Webhook "sends the request, then the same again with another delivery id";
    DeliveryOtherType "delivery_other_type" Webhook "sends an X-Revento-Event that differs from the type in the body";
    DeliveryUnknownType "delivery_unknown_type" Webhook "sends a correctly signed envelope of an undocumented type";
    DeliveryUnknownFields "delivery_unknown_fields" Webhook "sends a correctly signed envelope with undocumented fields";
    DeliveryTitleCase "delivery_title_case" Webhook "writes header names in title case (X-Revento-Signature), as some proxies do";
    DeliveryDropped "delivery_dropped" Webhook "sends nothing: the attempt counts as failed";
    DeliveryAckLost "delivery_ack_lost" Webhook "sends the request but ignores the answer: the attempt counts as failed";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_more_than_twenty_five_faults_and_no_name_twice() {
        let mut names: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FaultKind::ALL.len());
        assert!(names.len() > 25);
        for kind in FaultKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert!(!kind.description().is_empty());
        }
    }
}
