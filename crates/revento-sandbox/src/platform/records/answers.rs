//! Consent pages that were answered: the same answer again gets the same redirect, as after a double click.

use std::collections::HashMap;

use crate::primitives::secret::Secret;
use crate::primitives::time::Time;

/// The human's answer to a consent page.
#[derive(Debug, Clone)]
pub(crate) struct ConsentAnswer {
    pub(crate) authorize: bool,
    /// The optional scopes that are ticked.
    pub(crate) ticked: Vec<String>,
    /// The participant who signs in, in the user flow.
    pub(crate) user_id: Option<String>,
}

impl ConsentAnswer {
    /// Whether the human decided the same.
    fn decides_like(&self, other: &Self) -> bool {
        let sorted = |answer: &Self| {
            let mut scopes = answer.ticked.clone();
            scopes.sort_unstable();
            scopes.dedup();
            scopes
        };
        match (self.authorize, other.authorize) {
            (false, false) => true,
            (true, true) => self.user_id == other.user_id && sorted(self) == sorted(other),
            _ => false,
        }
    }
}

/// A page that was answered, and the redirect that followed.
#[derive(Debug, Clone)]
pub(crate) struct AnsweredConsent {
    pub(crate) answer: ConsentAnswer,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    /// The code, or the OAuth error and its description.
    pub(crate) result: Result<Secret, (&'static str, String)>,
    pub(crate) expires_at: Time,
}

/// The answered pages by their ids. They are in memory only, because they contain codes in the clear.
#[derive(Debug, Default)]
pub(crate) struct AnsweredConsents(HashMap<String, AnsweredConsent>);

impl AnsweredConsents {
    /// The page with this id, if it was answered in the same way before and has not expired.
    pub(crate) fn repeated(&self, id: &str, answer: &ConsentAnswer, now: Time) -> Option<AnsweredConsent> {
        self.0
            .get(id)
            .filter(|known| known.expires_at > now && known.answer.decides_like(answer))
            .cloned()
    }

    /// Remembers an answered page, and forgets those that have expired.
    pub(crate) fn remember(&mut self, id: String, answered: AnsweredConsent, now: Time) {
        self.0.retain(|_, known| known.expires_at > now);
        self.0.insert(id, answered);
    }
}
