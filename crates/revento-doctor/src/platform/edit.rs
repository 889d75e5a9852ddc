//! Changes of requests and answers on their way.

use bytes::Bytes;
use http::{Request, Response, header};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::rule::Effect;

/// What the doctor puts before a cursor of the sandbox. On the way back it is taken away.
const OWN_CURSORS: [&str; 2] = [AFTER_EMPTY_PAGE, ODD];
const AFTER_EMPTY_PAGE: &str = "next-";
/// In a URL, each of these characters means something else unless it is encoded.
const ODD: &str = "a+b/c=&d%20#\u{e9};";

/// The request with another `limit`.
pub(super) fn with_limit(request: Request<Bytes>, rows: u32) -> Request<Bytes> {
    with_parameter(request, "limit", &rows.to_string())
}

/// The request with the sandbox's own cursor.
pub(super) fn with_own_cursor(request: Request<Bytes>) -> Request<Bytes> {
    let Some(sent) = cursor(&request) else {
        return request;
    };
    let mut own = sent.as_str();
    for prefix in OWN_CURSORS {
        own = own.strip_prefix(prefix).unwrap_or(own);
    }
    if own == sent {
        return request;
    }
    let own = own.to_owned();
    with_parameter(request, "cursor", &own)
}

/// A request to the token endpoint without its query: the sandbox refuses a secret there. A check of the doctor's says so, and the
/// other checks go on.
pub(super) fn without_secrets_in_url(mut request: Request<Bytes>) -> Request<Bytes> {
    if request.uri().path() == "/oauth/token"
        && let Ok(uri) = request.uri().path().parse()
    {
        *request.uri_mut() = uri;
    }
    request
}

fn cursor(request: &Request<Bytes>) -> Option<String> {
    let query = request.uri().query()?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs
        .find(|(name, _)| name == "cursor")
        .map(|(_, value)| value.into_owned())
}

fn with_parameter(mut request: Request<Bytes>, name: &str, value: &str) -> Request<Bytes> {
    let query = request.uri().query().unwrap_or_default();
    let others = form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known != name);
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(others)
        .append_pair(name, value)
        .finish();
    if let Ok(uri) = format!("{}?{query}", request.uri().path()).parse() {
        *request.uri_mut() = uri;
    }
    request
}

/// A page without rows, before the page that the request asks for.
pub(super) fn empty_page(request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let cursor = cursor(request)?;
    let page = json!({ "data": [], "next_cursor": format!("{AFTER_EMPTY_PAGE}{cursor}"), "has_more": true });
    Some(json_answer(200, &page))
}

/// An answer of JSON.
pub(crate) fn json_answer(status: u16, body: &Value) -> Response<Bytes> {
    answer(status, "application/json", body.to_string())
}

/// An answer.
pub(crate) fn answer(status: u16, content_type: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    let value = http::HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    response
}

/// The answer with the changes of its JSON.
pub(super) fn edited(mut response: Response<Bytes>, effects: &[Effect]) -> Response<Bytes> {
    for effect in effects {
        let edit: fn(&mut Value) = match effect {
            Effect::Edit(edit) => *edit,
            Effect::OddCursor => make_cursor_odd,
            _ => continue,
        };
        let Ok(mut body) = serde_json::from_slice(response.body()) else {
            continue;
        };
        edit(&mut body);
        *response.body_mut() = Bytes::from(body.to_string());
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

fn make_cursor_odd(page: &mut Value) {
    if let Some(cursor) = page.get_mut("next_cursor")
        && let Some(text) = cursor.as_str()
    {
        *cursor = json!(format!("{ODD}{text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &[(&str, &str)]) -> Request<Bytes> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let request = Request::builder().uri(format!("/api/v1/events/evt_1/participants?{query}"));
        request.body(Bytes::new()).unwrap()
    }

    fn next_cursor(answer: &Response<Bytes>) -> String {
        let page: Value = serde_json::from_slice(answer.body()).unwrap();
        page["next_cursor"].as_str().unwrap().to_owned()
    }

    #[test]
    fn the_cursors_of_the_doctor_lead_to_the_rows_of_the_sandbox() {
        let page = json!({ "data": [{ "id": "par_1" }], "next_cursor": "c2", "has_more": true });
        let odd = next_cursor(&edited(json_answer(200, &page), &[Effect::OddCursor]));
        assert_ne!(odd, "c2");
        let after_odd = with_own_cursor(request(&[("limit", "5"), ("cursor", &odd)]));
        assert_eq!(cursor(&after_odd).as_deref(), Some("c2"));
        let after_empty = next_cursor(&empty_page(&request(&[("cursor", &odd)])).unwrap());
        let request = with_own_cursor(request(&[("cursor", &after_empty)]));
        assert_eq!(cursor(&request).as_deref(), Some("c2"));
    }

    #[test]
    fn there_is_no_empty_page_before_the_first_one() {
        assert!(empty_page(&request(&[("limit", "5")])).is_none());
    }

    #[test]
    fn an_answer_that_is_not_json_stays_as_it_is() {
        let html = answer(502, "text/html", "<h1>Bad Gateway</h1>".to_owned());
        let edit = Effect::Edit(|page| *page = Value::Null);
        assert_eq!(edited(html, &[edit]).body().as_ref(), b"<h1>Bad Gateway</h1>");
    }
}
