//! The names of keys, and texts of times that sort like the times.

use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};

/// The names of all keys of one store.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    prefix: String,
}

impl Keys {
    /// A script needs all its keys on one node. In a cluster the braces put them there.
    pub(crate) fn new(prefix: &str) -> Self {
        Self {
            prefix: format!("{{{prefix}}}"),
        }
    }

    /// The hash of a record. Its name ends with the text of the connection.
    pub(crate) fn record(&self, connection: &str) -> String {
        format!("{}:connection:{connection}", self.prefix)
    }

    /// The source of versions and fences.
    pub(crate) fn sequence(&self) -> String {
        format!("{}:sequence", self.prefix)
    }

    /// The sorted set of an integration's live connections. Each member is the time of expiry and the text of a connection.
    pub(crate) fn due(&self, client_id: &ClientId) -> String {
        let escaped = ConnectionKey::installation(client_id.clone(), EventId::new(""));
        format!("{}:due:{escaped}", self.prefix)
    }

    /// A use-once mark. It has an expiry, later than its end.
    pub(crate) fn mark(&self, id: &str) -> String {
        format!("{}:once:{id}", self.prefix)
    }

    /// What has been spent of a token's budgets. It has an expiry.
    pub(crate) fn budget(&self, token: &str) -> String {
        format!("{}:budget:{token}", self.prefix)
    }

    /// The sorted set of an integration's connections.
    pub(crate) fn client(&self, client_id: &ClientId) -> String {
        let escaped = ConnectionKey::installation(client_id.clone(), EventId::new(""));
        format!("{}:client:{escaped}", self.prefix)
    }

    /// A pattern for the names of all [sorted sets of integrations](Self::client).
    pub(crate) fn clients(&self) -> String {
        let mut pattern = String::new();
        for character in self.prefix.chars() {
            if matches!(character, '*' | '?' | '[' | ']' | '^' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        format!("{pattern}:client:*")
    }

    /// The sorted set of an event's connections.
    pub(crate) fn event(&self, client_id: &ClientId, event_id: &EventId) -> String {
        let escaped = ConnectionKey::installation(client_id.clone(), event_id.clone());
        format!("{}:event:{escaped}", self.prefix)
    }
}

/// The length of the text of a time.
pub(crate) const TIME_TEXT: usize = 16;

/// Sixteen digits that sort like the time. The numbers of Redis and Lua are floating point numbers, which cannot hold it.
pub(crate) fn time_text(time: Timestamp) -> String {
    format!("{:016x}", time.unix_micros().cast_unsigned() ^ (1 << 63))
}

/// The time of such a text.
pub(crate) fn time_of(text: &str) -> Option<Timestamp> {
    let bits = u64::from_str_radix(text, 16).ok()?;
    Some(Timestamp::from_unix_micros((bits ^ (1 << 63)).cast_signed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k9_the_texts_of_times_sort_like_the_times() {
        let times = [
            i64::MIN,
            -1,
            0,
            1,
            1_778_336_551_000_001,
            9_007_199_254_740_993,
            i64::MAX,
        ];
        let times = times.map(Timestamp::from_unix_micros);
        let texts = times.map(time_text);
        assert!(texts.is_sorted());
        assert!(texts.iter().all(|text| text.len() == TIME_TEXT));
        assert_eq!(texts.map(|text| time_of(&text).unwrap()), times);
    }

    #[test]
    fn k8_a_client_and_an_event_never_share_a_name() {
        let keys = Keys::new("p");
        assert_ne!(
            keys.event(&"a".into(), &"b".into()),
            keys.event(&"a/b".into(), &"".into())
        );
        assert_ne!(keys.client(&"a".into()), keys.client(&"a/".into()));
        assert_eq!(keys.sequence(), "{p}:sequence");
    }

    #[test]
    fn k8_a_prefix_stands_for_itself_in_a_pattern() {
        assert_eq!(Keys::new("p").clients(), "{p}:client:*");
        assert_eq!(Keys::new("a*b[c]\\?").clients(), r"{a\*b\[c\]\\\?}:client:*");
    }
}
