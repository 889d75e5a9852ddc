//! A participant revokes access.

use revento_sandbox::Action;

use super::super::oauth::flow::Flow;
use super::super::oauth::login::{logged_in, me, person, shows};
use super::super::steps;
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::integration::Browser;
use crate::platform::world::{Event, Person};

/// Somebody who was signed in, and has revoked access.
async fn revoked(exam: &mut Exam) -> Result<(Event, Flow, Person), Problem> {
    let event = exam.fresh_connection().await?;
    let somebody = person(&event, 0)?.clone();
    let mut flow = Flow::login_in(exam, Browser::default(), &event).await?;
    logged_in(exam, &mut flow, &somebody).await?;
    let action = Action::RevokeUser {
        client_id: exam.platform.info().client_id.clone(),
        user_id: somebody.user_id.clone(),
    };
    exam.perform(action).await?;
    Ok((event, flow, somebody))
}

pub(super) async fn signed_out(exam: &mut Exam) -> Result<(), Problem> {
    let (_, mut flow, somebody) = revoked(exam).await?;
    let page = me(exam, &mut flow.browser).await?;
    if shows(&page, &somebody) {
        return Err(flaw(
            "the page of the participant shows nobody",
            "it shows the participant",
        ));
    }
    match page.status {
        Some(500..=599) | None => Err(flaw(
            "the page of the participant says that nobody is signed in",
            status_text(page.status, &page),
        )),
        _ => Ok(()),
    }
}

pub(super) async fn ends_nothing_else(exam: &mut Exam) -> Result<(), Problem> {
    let (event, ..) = revoked(exam).await?;
    exam.quiet().await;
    let read = exam.read_all(&event).await;
    if read.is_err() {
        // The reason has to be the participant's revocation.
        exam.forget_connections();
        exam.connect(&event.id).await?;
        let again = exam.read_all(&event).await;
        again.map_err(|problem| steps::blocked(problem, "the integration does not read"))?;
    }
    read.map(drop)
}
