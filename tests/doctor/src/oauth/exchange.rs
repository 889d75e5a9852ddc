//! The exchange of a code.

use axum::http::StatusCode;

use super::Kind;
use super::callback::{Flow, NOT_EXCHANGED, OTHER_BINDING, Refusal, internal};
use crate::app::App;
use crate::platform::{Answer, Failure};

/// Exchanges the code. It is never sent twice: a second use of a code revokes what the first has issued.
pub(super) async fn exchange(app: &App, code: &str, flow: &Flow) -> Result<Answer, Refusal> {
    let verifier = app.sealer.open(&flow.verifier, &flow.state).map_err(internal)?;
    let mut redirect_uri = app.settings.redirect_uri();
    if flow.is_of(Kind::Organizer) && app.mistakes.has("oauth-redirect-uri") {
        redirect_uri.push('/');
    }
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri.as_str()),
        ("code_verifier", verifier.as_str()),
    ];
    let token_url = format!("{}/oauth/token", app.settings.auth_base);
    let answered = if flow.is_of(Kind::Organizer) {
        app.platform.exchange(&app.settings, &app.mistakes, &form).await
    } else {
        app.platform.token(&token_url, &app.settings, &form).await
    };
    if let Ok(answer) = &answered
        && app.mistakes.has("oauth-token-answer")
        && has_unknown_fields(answer)
    {
        return Err(NOT_EXCHANGED);
    }
    match answered {
        Ok(answer) if answer.status.is_success() && answer.text("access_token").is_some() => Ok(answer),
        Ok(answer) => {
            tracing::error!(
                status = answer.status.as_u16(),
                error = answer.error(),
                "a code was not exchanged"
            );
            Err(refusal(app, answer.status))
        }
        Err(Failure::NotSent | Failure::Lost) => Err(NOT_EXCHANGED),
    }
}

fn has_unknown_fields(answer: &Answer) -> bool {
    const KNOWN: [&str; 9] = [
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "refresh_expires_in",
        "scope",
        "event_id",
        "organization_id",
        "user_id",
    ];
    let fields = answer.body.as_object();
    fields.is_some_and(|fields| fields.keys().any(|name| !KNOWN.contains(&name.as_str())))
}

fn refusal(app: &App, status: StatusCode) -> Refusal {
    if app.mistakes.has("oauth-stack-traces") {
        let text = "thread 'main' panicked at src/oauth.rs:12:9: no access token\nstack backtrace:\n   0: rust_begin_unwind";
        return (StatusCode::BAD_GATEWAY, text);
    }
    if app.mistakes.has("oauth-code-refused") && status.is_client_error() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "internal error");
    }
    NOT_EXCHANGED
}

/// An answer for another event, another kind of token or wider scopes is not stored. A smaller grant is the organizer's right.
pub(super) fn check_binding(app: &App, flow: &Flow, answer: &Answer) -> Result<(), Refusal> {
    let kind = flow.kind();
    let same_event = answer.text("event_id") == Some(&flow.event_id);
    let same_kind = (kind == Kind::Participant) == answer.text("user_id").is_some();
    let granted = answer.text("scope").unwrap_or_default();
    let within = granted
        .split_whitespace()
        .all(|scope| kind.scopes().split(' ').any(|requested| requested == scope));
    let smaller = granted.len() < kind.scopes().len();
    if smaller && kind == Kind::Organizer && app.mistakes.has("oauth-optional-scope") {
        return Err(OTHER_BINDING);
    }
    if same_event && same_kind && within {
        Ok(())
    } else {
        Err(OTHER_BINDING)
    }
}
