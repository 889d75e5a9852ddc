//! A fixed report with every outcome, for the tests of the formats.

use std::time::Duration;

use super::{CheckResult, Outcome, Report};
use crate::check::{Check, Framework, Need, check};
use crate::exam::{Exam, Problem};
use crate::exchange::{Direction, Exchange, Omitted};

static CHECKS: [Check; 6] = [
    check!(Signature Required "§4.1" "signature-good" [WebhookUrl]
        "A correctly signed webhook is acknowledged with a 2xx"
        why: "The platform retries what is not acknowledged"
        mend: "Compute the signature over the raw bytes"
        run: nothing),
    check!(Signature Required "§4.1" "signature-wrong-secret" [WebhookUrl]
        "A webhook that is signed with another secret is refused"
        why: "Everybody who knows the URL could send webhooks"
        mend: "Refuse with 401 when the signature does not match"
        hint Express: "Use `express.raw()`"
        run: nothing),
    check!(Delivery Recommended "§4.3" "delivery-get" [WebhookUrl]
        "A GET is answered with 405"
        why: "People open the URL in a browser"
        mend: "Answer 405 with `Allow: POST`"
        run: nothing),
    check!(Tokens Required "§2.4" "tokens-restart" [ConnectUrl, Start]
        "The connection survives a restart"
        why: "Every deployment would end all connections"
        mend: "Store the tokens before you use them"
        run: nothing),
    check!(Storage Required "§6" "storage-tokens" [Scan]
        "No token is stored in plain"
        why: "A stolen backup would open all events"
        mend: "Encrypt the tokens"
        run: nothing),
    check!(Webview Recommended "§7" "webview-frame" [WebviewUrl]
        "Only the platform may frame the page"
        why: "Another page could trick people into clicks"
        mend: "Send `Content-Security-Policy: frame-ancestors`"
        run: nothing),
];

async fn nothing(_: &mut Exam) -> Result<(), Problem> {
    Ok(())
}

/// The report. `foreign` is in every place that holds text of others.
pub(super) fn report(foreign: &str) -> Report {
    let failed = || Outcome::Failed {
        expected: format!("401{foreign}"),
        got: format!("204{foreign}"),
    };
    let outcomes = [
        Outcome::Passed,
        failed(),
        failed(),
        Outcome::Untestable {
            reason: format!("the integration did not start{foreign}"),
        },
        Outcome::NotChecked {
            reason: "give --scan".to_owned(),
            missing: vec![Need::Scan],
        },
        Outcome::Skipped {
            because: format!("we have no page in the frame{foreign}"),
        },
    ];
    let results = CHECKS.iter().zip(outcomes).map(|(check, outcome)| CheckResult {
        check,
        mend: matches!(outcome, Outcome::Failed { .. }).then(|| check.mend.to_owned()),
        evidence: vec![exchange(foreign)],
        outcome,
        duration: Duration::from_millis(120),
    });
    Report {
        doctor_version: "0.1.0",
        began_at: "2026-05-09T14:22:31Z".to_owned(),
        duration: Duration::from_millis(4200),
        seed: 7,
        framework: Some(Framework::Express),
        results: results.collect(),
    }
}

fn exchange(foreign: &str) -> Exchange {
    let header = |name: &str, value: String| (name.to_owned(), value);
    Exchange {
        direction: Direction::ToIntegration,
        method: "POST".to_owned(),
        url: format!("http://localhost:3000/webhooks?{foreign}"),
        request_headers: vec![header(
            "x-revento-event",
            format!("application.approved{foreign}"),
        )],
        request_body: format!("{{\"id\":\"evt_1\"}}{foreign}").into_bytes(),
        status: Some(204),
        response_headers: vec![header("x-powered-by", format!("Express{foreign}"))],
        response_body: foreign.as_bytes().to_vec(),
        omitted: Omitted::default(),
        error: None,
        duration: Duration::from_millis(3),
    }
}
