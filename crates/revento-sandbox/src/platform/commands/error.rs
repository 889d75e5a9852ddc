//! Why a command was refused.

/// Why a command was refused. A refused command changes nothing.
#[derive(Debug, Clone)]
pub(crate) enum CommandError {
    /// The thing to act on does not exist.
    NotFound(String),
    /// It exists, but the command does not fit its present state.
    Conflict(String),
}

impl CommandError {
    /// The error for something that does not exist. It says what lists the existing ones.
    pub(crate) fn missing(what: &str, id: &str) -> Self {
        let list = match what {
            "event" | "integration" | "organization" | "user" | "webview page" => Some("directory"),
            "application" | "participant" => Some("applications"),
            "activity" => Some("seed"),
            "delivery" => Some("deliveries"),
            "listener" => Some("listeners"),
            "armed fault" => Some("faults"),
            _ => None,
        };
        let text = format!("There is no {what} '{id}'.");
        Self::NotFound(match list {
            Some(list) => format!("{text} GET /_sandbox/{list} shows what there is."),
            None => text,
        })
    }
}
