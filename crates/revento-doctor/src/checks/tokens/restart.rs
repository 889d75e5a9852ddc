//! Crashes of the integration.

use super::super::steps;
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::integration::{Outgoing, send};
use crate::platform::{Effect, Endpoint, Gate};

pub(super) async fn connection_survives(exam: &mut Exam) -> Result<(), Problem> {
    // The connection is new, so that no refresh has stored its tokens.
    let event = steps::working(exam).await?;
    exam.restart().await?;
    let read = exam.read(&event).await?;
    if exam.names_everybody(&event, &read).is_ok() {
        return Ok(());
    }
    exam.forget_connections();
    Err(flaw(
        "after SIGKILL and a new start, the event is still connected",
        status_text(read.status, &read),
    ))
}

pub(super) async fn stored_before_use(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::expired(exam).await?;
    let url = steps::read_url(exam, &event)?;
    let mark = exam.platform.mark();
    let gate = Gate::closed();
    // The first call finds the token expired. The second one has the new token: it is held while the integration dies.
    let held = exam.platform.on_event(
        &event,
        Endpoint::Participants,
        1,
        None,
        Effect::WaitBefore(gate.clone()),
    );
    let read = tokio::spawn(send(Outgoing::get(url)));
    let reached = tokio::time::timeout(exam.patience(), gate.reached()).await;
    let restarted = match reached {
        Ok(()) => exam.restart().await,
        Err(_) => Ok(()),
    };
    gate.open();
    drop(held);
    read.abort();
    steps::show_since(exam, &event, mark);
    steps::refreshes(exam, &event, mark)?;
    if reached.is_err() {
        return Err(Problem::Untestable(
            "after a refresh the request was not repeated, see tokens-refresh-at-expiry".to_owned(),
        ));
    }
    restarted?;
    let read = exam.read(&event).await?;
    if exam.names_everybody(&event, &read).is_ok() {
        return Ok(());
    }
    if let Err(Problem::Flaw { .. }) = connection_survives(exam).await {
        return Err(Problem::Untestable(
            "no connection survives a restart of the integration, see tokens-restart".to_owned(),
        ));
    }
    Err(flaw(
        "the integration is killed while it uses the new access token for the first time; after a new start the event is still connected",
        status_text(read.status, &read),
    ))
}
