//! Values of a body: personal data, which belong into no answer and no log.

use super::{
    ALL, APPROVED,
    client::Response,
    log::{Lines, capture},
    signed_post, verifier,
};

const PLANTED: &str = "planted@example.org";

/// Bodies with the planted text in places where something else belongs.
fn bodies() -> Vec<String> {
    let text = format!("{PLANTED:?}");
    let wrong = [
        text.clone(),
        format!("[{text}]"),
        format!("{{{text}:{text}}}"),
        format!("{{{text}:1e999}}"),
        format!("\"\\ud83d {PLANTED}\""),
        format!("{text},{text}:1,{text}:2"),
        format!("{text} {text}"),
        format!("1e999,{text}:nul"),
    ];
    let places = [
        "\"2026-05-09T14:22:31Z\"",
        "\"evt_1\"",
        "\"org_1\"",
        "\"app_1\"",
        "\"approved\"",
        "\"2026-05-09T14:22:30Z\"",
        "\"usr_2\"",
    ];
    let data = APPROVED.split_once("\"data\":").unwrap().1;
    let data = data.strip_suffix('}').unwrap();
    let mut bodies: Vec<String> = places
        .into_iter()
        .chain([data])
        .flat_map(|place| wrong.each_ref().map(|wrong| APPROVED.replacen(place, wrong, 1)))
        .collect();
    bodies.extend(wrong.iter().map(|wrong| APPROVED.replace("\"status\"", wrong)));
    // A text is a right id, which the log names.
    let no_ids = wrong.iter().filter(|wrong| !wrong.starts_with('"'));
    bodies.extend(no_ids.map(|wrong| APPROVED.replace("\"env_1\"", wrong)));
    bodies.extend(wrong);
    bodies.extend([
        format!("{APPROVED}{text}"),
        format!("{PLANTED}{APPROVED}"),
        APPROVED.replace(
            "\"status\"",
            &format!("\"custom_form_fields\":{{{text}:1e999}},\"status\""),
        ),
        APPROVED.replace("\"status\"", &format!("\"custom_form_fields\":{text},\"status\"")),
        APPROVED.replace("\"application.approved\"", &format!("{{{text}:{text}}}")),
    ]);
    bodies
}

#[tokio::test]
async fn h4_no_answer_and_no_log_line_shows_a_value_of_the_body() {
    let bodies = bodies();
    for adapter in ALL {
        let lines = Lines::default();
        let log = capture(&lines);
        let server = adapter.serve(verifier()).await;
        let mut refused = 0;
        for body in &bodies {
            for path in ["/inbox", "/approved", "/handled", "/raw"] {
                let request = signed_post(path, "application.approved", body.as_bytes());
                let Response {
                    status,
                    head,
                    body: text,
                } = request.send(server.port).await;
                let shown = [head, String::from_utf8_lossy(&text).into_owned(), lines.take()].concat();
                refused += usize::from(status != 200);
                assert!(!shown.contains("planted"), "{adapter:?} {path} {body}: {shown}");
            }
        }
        assert!(refused >= 20, "{adapter:?}: {refused} answers explain something");
        drop(log);
    }
}
