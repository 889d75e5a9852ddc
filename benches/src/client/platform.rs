//! A platform on bare hyper that always answers with the same page, so that the client dominates the measurement.

use std::{
    convert::Infallible,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// The platform in another process, on the first core.
pub struct Platform {
    child: Child,
    pub base: String,
}

impl Platform {
    pub fn start() -> Self {
        let program = std::env::current_exe().expect("a program");
        let mut child = Command::new("taskset")
            .args(["-c", "0"])
            .arg(program)
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .expect("a server");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("an address");
        Self {
            child,
            base: format!("http://{}", line.trim()),
        }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        stream.set_nodelay(true).ok();
        tokio::spawn(async move {
            let service = service_fn(answer);
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
                .ok();
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    if path == "/oauth/token" {
        let form = request
            .into_body()
            .collect()
            .await
            .map(|body| body.to_bytes())
            .unwrap_or_default();
        return Ok(json(tokens(&String::from_utf8_lossy(&form))));
    }
    let query = request.uri().query().unwrap_or_default();
    let number = |name: &str| {
        let pair = query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        pair.and_then(|text| text.parse::<u64>().ok())
    };
    let (limit, cursor) = (number("limit").unwrap_or(25), number("cursor").unwrap_or(0));
    let total: u64 = path
        .split('/')
        .find_map(|part| part.strip_prefix("evt_")?.parse().ok())
        .unwrap_or(u64::MAX);
    Ok(json(page(limit, cursor, total)))
}

/// The authorization code is the id of the event.
fn tokens(form: &str) -> String {
    let event = form
        .split('&')
        .find_map(|pair| pair.strip_prefix("code="))
        .unwrap_or("evt_1");
    format!(
        r#"{{"access_token":"rev_install_x","refresh_token":"rev_refresh_x","token_type":"Bearer","expires_in":3600,"scope":"event.read participants.read","event_id":"{event}","organization_id":"org_1"}}"#
    )
}

/// A page of `limit` participants. It has a next page until `total` is reached.
pub fn page(limit: u64, cursor: u64, total: u64) -> String {
    thread_local! {
        static DATA: std::cell::RefCell<std::collections::HashMap<u64, String>> = Default::default();
    }
    DATA.with_borrow_mut(|known| {
        let data = known
            .entry(limit)
            .or_insert_with(|| (0..limit).map(participant).collect::<Vec<_>>().join(","));
        let next = cursor + 1;
        let more = next.saturating_mul(limit) < total;
        format!(r#"{{"data":[{data}],"next_cursor":"{next}","has_more":{more}}}"#)
    })
}

fn participant(number: u64) -> String {
    format!(
        r#"{{"id":"par_published_{number:05}","application_status":"approved","user_id":"usr_{number:08}","event_id":"evt_test_published","application_id":"app_published_{number:05}","name":"Person Number {number}","email":"person.{number}@example.org","last_reviewed_at":"2026-05-09T14:22:31Z","last_reviewer_id":"usr_00000001","last_review_action":"approved","registered_at":"2026-05-08T09:00:00Z","custom_form_fields":{{"favorite_track":"systems","dietary_notes":"no \"nuts\"","t_shirt":"M","first_time":true,"sessions":[1,4,{number}]}}}}"#
    )
}

fn json(body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let kind = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    response
}
