//! The request that wrk sends: a verifiable delivery of the given size, signed when the measurement starts.

use std::time::SystemTime;

use revento_webhooks::Signer;

/// A script for wrk.
pub fn script(bytes: usize) -> String {
    let body = body(bytes);
    let now = SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |now| now.as_secs() as i64);
    let signature = Signer::new(crate::SECRET)
        .expect("a secret")
        .sign(now, body.as_bytes());
    format!(
        r#"wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Revento-Event"] = "application.approved"
wrk.headers["X-Revento-Delivery-Id"] = "5f0c9f0e-6d2a-4a53-9d3c-0d2f6f6f1f11"
wrk.headers["X-Revento-Timestamp"] = "{now}"
wrk.headers["X-Revento-Signature"] = "{signature}"
wrk.body = '{body}'
function done(summary, latency, requests)
  local errors = summary.errors.status + summary.errors.read + summary.errors.timeout
  io.write(string.format("REQUESTS %d ERRORS %d\n", summary.requests, errors))
end
"#
    )
}

/// An approved application with enough form fields to reach the size.
fn body(bytes: usize) -> String {
    let head = r#"{"id":"env_1","type":"application.approved","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{"id":"app_1","participant_id":"par_1","user_id":"usr_1","status":"approved","approved_at":"2026-05-09T14:22:30Z","approver_id":"usr_2","custom_form_fields":{"#;
    let mut body = head.to_owned();
    let mut number = 0;
    loop {
        let field =
            format!(r#""field_{number}":{{"answer":"text {number}","score":{number},"list":[1,2,3]}},"#);
        if body.len() + field.len() + 20 > bytes {
            break;
        }
        body.push_str(&field);
        number += 1;
    }
    let rest = bytes.saturating_sub(body.len() + r#""pad":""}}}"#.len());
    body.push_str(&format!(r#""pad":"{}"}}}}}}"#, "x".repeat(rest)));
    body
}
