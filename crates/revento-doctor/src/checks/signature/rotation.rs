//! Rotation of the webhook secret.

use crate::check::{Check, check};
use crate::checks::answers::{accepted_as, refused_as, working_receiver};
use crate::exam::{Exam, Problem};

const CURRENT: &str = "REVENTO_WEBHOOK_SECRET";
const PREVIOUS: &str = "REVENTO_WEBHOOK_SECRET_PREVIOUS";

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Signature Recommended "§1" "signature-rotation-overlap" [WebhookUrl, Start]
        "While the webhook secret is rotated, both secrets are accepted"
        why: "Nobody can change the secret in the console and in the integration at the same moment: webhooks in between would be refused"
        mend: "Accept the secret of REVENTO_WEBHOOK_SECRET_PREVIOUS beside that of REVENTO_WEBHOOK_SECRET, if it is set"
        run: overlap),
    check!(Signature Required "§1" "signature-rotation-over" [WebhookUrl, Start]
        "After a rotation, the old webhook secret is refused"
        why: "A secret is rotated because somebody may know it: as long as it is accepted, the rotation changes nothing"
        mend: "Take the secret from the environment at each start, and keep no old one elsewhere"
        run: over),
];

async fn overlap(exam: &mut Exam) -> Result<(), Problem> {
    working_receiver(exam).await?;
    let (old, new) = secrets(exam);
    let judged = match restart_with(exam, &new, Some(&old)).await {
        Ok(()) => both_accepted(exam, &old, &new).await,
        problem => problem,
    };
    restart_with(exam, &old, None).await?;
    judged
}

async fn both_accepted(exam: &mut Exam, old: &str, new: &str) -> Result<(), Problem> {
    send_signed(exam, new, "a webhook signed with the new secret", true).await?;
    send_signed(
        exam,
        old,
        "a webhook signed with the previous secret, during the overlap",
        true,
    )
    .await
}

async fn over(exam: &mut Exam) -> Result<(), Problem> {
    working_receiver(exam).await?;
    let (old, new) = secrets(exam);
    let judged = match restart_with(exam, &new, None).await {
        Ok(()) => only_new_accepted(exam, &old, &new).await,
        problem => problem,
    };
    restart_with(exam, &old, None).await?;
    judged
}

async fn only_new_accepted(exam: &mut Exam, old: &str, new: &str) -> Result<(), Problem> {
    send_signed(exam, new, "a webhook signed with the new secret", true).await?;
    send_signed(exam, old, "a webhook signed with the old secret", false).await
}

/// The secret of the platform, and one to rotate to. The platform keeps its own: the integration gets that back afterwards.
fn secrets(exam: &mut Exam) -> (String, String) {
    let new = format!("whsec_rotated_{}", exam.random.uuid());
    exam.platform.note_webhook_secret(&new);
    (exam.platform.webhook_secret(), new)
}

async fn send_signed(exam: &mut Exam, secret: &str, what: &str, good: bool) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let mut webhook = exam.webhook(&event, "application.approved");
    secret.clone_into(&mut webhook.secret);
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    if good {
        accepted_as(what, &exchange)
    } else {
        refused_as(what, &exchange)
    }
}

/// Starts the integration again with these webhook secrets.
async fn restart_with(exam: &mut Exam, current: &str, previous: Option<&str>) -> Result<(), Problem> {
    let variables = &mut exam.integration.variables;
    variables.retain(|(name, _)| name != CURRENT && name != PREVIOUS);
    variables.push((CURRENT.to_owned(), current.to_owned()));
    variables.extend(previous.map(|secret| (PREVIOUS.to_owned(), secret.to_owned())));
    exam.restart().await
}
