//! Tokens and their refresh (contract §2.4).

use std::time::Duration;

use crate::check::{Check, check};
use crate::exam::{Exam, Problem, flaw};
use crate::platform::Endpoint;

/// One minute longer than the lifetime of an access token.
const PAST_EXPIRY: Duration = Duration::from_secs(61 * 60);

pub(super) const CHECKS: &[Check] = &[
    check!(Tokens Required "§3.5" "tokens-refresh-at-expiry" [ConnectUrl, ReadUrl]
        "An expired access token is refreshed once, and the request is repeated"
        why: "An access token lives one hour: without a refresh, the integration stops after it"
        mend: "On 401 with `token_expired`, refresh the token, store the new pair, and repeat the request once"
        run: refresh_at_expiry),
];

async fn refresh_at_expiry(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.fresh_connection().await?;
    exam.read_all(&event).await?;
    exam.advance(PAST_EXPIRY).await?;
    let mark = exam.platform.mark();
    exam.read_all(&event).await?;
    match exam.platform.calls_of(Endpoint::Refresh, mark).len() {
        1 => Ok(()),
        count => Err(flaw("one refresh", format!("{count} refreshes"))),
    }
}
