//! The secrets that the platform has given out.

use std::collections::HashMap;

use revento_sandbox::SandboxInfo;

use super::call::{Call, Endpoint};

/// The secrets that the platform has given out, in the order in which it did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    pub(crate) access_tokens: Vec<String>,
    pub(crate) refresh_tokens: Vec<String>,
    /// The event of each refresh token of an organizer.
    pub(crate) event_of: HashMap<String, String>,
    pub(crate) codes: Vec<String>,
    pub(crate) verifiers: Vec<String>,
    pub(crate) client: Vec<String>,
    pub(crate) webhook: Vec<String>,
}

impl Secrets {
    pub(super) fn new(info: &SandboxInfo) -> Self {
        Self {
            client: vec![info.client_secret.clone()],
            webhook: vec![info.webhook_secret.clone()],
            ..Self::default()
        }
    }

    /// Learns what a call to the token endpoint contains.
    pub(super) fn learn(&mut self, call: &Call) {
        if !call.endpoint.is_token() {
            return;
        }
        let answer = call.json();
        let of_answer = |name: &str| {
            answer
                .get(name)
                .and_then(|value| value.as_str())
                .map(str::to_owned)
        };
        self.access_tokens.extend(of_answer("access_token"));
        if let (Some(token), Some(event_id), None) = (
            of_answer("refresh_token"),
            of_answer("event_id"),
            of_answer("user_id"),
        ) {
            self.event_of.insert(token, event_id);
        }
        self.refresh_tokens.extend(of_answer("refresh_token"));
        if call.endpoint == Endpoint::Code {
            self.codes.extend(call.field("code").map(str::to_owned));
            self.verifiers
                .extend(call.field("code_verifier").map(str::to_owned));
        }
    }

    /// Each secret with its kind, the longest first, so that none hides in another.
    pub(crate) fn all(&self) -> Vec<(String, &'static str)> {
        let kinds = [
            (&self.access_tokens, "access token"),
            (&self.refresh_tokens, "refresh token"),
            (&self.codes, "authorization code"),
            (&self.verifiers, "code verifier"),
            (&self.client, "client secret"),
            (&self.webhook, "webhook secret"),
        ];
        let mut all: Vec<_> = kinds
            .into_iter()
            .flat_map(|(values, kind)| values.iter().map(move |value| (value.clone(), kind)))
            .filter(|(value, _)| value.len() >= 8)
            .collect();
        all.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        all.dedup();
        all
    }
}
