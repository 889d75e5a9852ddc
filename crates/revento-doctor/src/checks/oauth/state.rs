//! Callbacks that belong to no flow of their browser. Their code must not be exchanged.

use url::Url;

use super::flow::{Ending, Flow, parameter, with_parameter, working_connect};
use crate::exam::{Exam, Problem, flaw};
use crate::integration::Browser;

pub(super) async fn forged(exam: &mut Exam) -> Result<(), Problem> {
    working_connect(exam).await?;
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.authorized(exam).await?;
    let forged = with_parameter(&callback, "state", Some(&another(&flow.state())));
    let ending = flow.open(exam, &forged).await?;
    not_exchanged(&ending, "the state is none that the integration has made")
}

pub(super) async fn missing(exam: &mut Exam) -> Result<(), Problem> {
    working_connect(exam).await?;
    for value in [None, Some("")] {
        let mut flow = Flow::begin(exam).await?;
        let callback = flow.authorized(exam).await?;
        let callback = with_parameter(&callback, "state", value);
        let ending = flow.open(exam, &callback).await?;
        not_exchanged(&ending, "there is no state")?;
    }
    Ok(())
}

/// The organizer answers the consent page twice: the second code comes with a state that was used.
pub(super) async fn reused(exam: &mut Exam) -> Result<(), Problem> {
    working_connect(exam).await?;
    let mut flow = Flow::begin(exam).await?;
    let (first, second) = (flow.authorized(exam).await?, flow.authorized(exam).await?);
    flow.open(exam, &first).await?;
    let ending = flow.open(exam, &second).await?;
    not_exchanged_with(&ending, &second, "the state was used before")
}

/// Somebody sends the victim a link with the code of their own consent.
pub(super) async fn foreign_browser(exam: &mut Exam) -> Result<(), Problem> {
    working_connect(exam).await?;
    let mut flow = Flow::begin(exam).await?;
    let callback = flow.authorized(exam).await?;
    flow.browser = Browser::default();
    let ending = flow.open(exam, &callback).await?;
    not_exchanged(&ending, "the flow has begun in another browser")
}

pub(super) fn not_exchanged(ending: &Ending, because: &str) -> Result<(), Problem> {
    if ending.calls.is_empty() {
        return Ok(());
    }
    Err(flaw(
        format!("the code is not exchanged, because {because}"),
        format!("it was exchanged, and the callback answered {}", ending.status()),
    ))
}

fn not_exchanged_with(ending: &Ending, callback: &Url, because: &str) -> Result<(), Problem> {
    let code = parameter(callback, "code");
    let sent = ending
        .calls
        .iter()
        .any(|call| call.field("code") == code.as_deref());
    if sent {
        not_exchanged(ending, because)
    } else {
        Ok(())
    }
}

/// A state of the same form that was never made.
fn another(state: &str) -> String {
    let changed: String = state
        .chars()
        .map(|letter| match letter {
            '9' => '0',
            'z' => 'a',
            'f' => 'a',
            'Z' => 'A',
            _ if letter.is_ascii_alphanumeric() => u32::from(letter)
                .checked_add(1)
                .and_then(char::from_u32)
                .unwrap_or(letter),
            _ => letter,
        })
        .collect();
    if changed == state {
        "forged".to_owned()
    } else {
        changed
    }
}
