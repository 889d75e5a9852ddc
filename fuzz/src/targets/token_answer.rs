//! Answers of the token endpoint.

use http::{Response, StatusCode};
use revento_oauth::TokenAnswer;

const ACCESS: &str = "rev_install_planted";
const REFRESH: &str = "rev_refresh_planted";

/// A legible pair is read whatever stands beside it, and no description of an answer contains a token.
pub(super) fn token_answer(data: &[u8]) {
    for status in [200, 201, 302, 400, 401, 500, 503] {
        describe(&read(status, data));
    }
    if names_a_token(data) {
        return; // The input replaces one of the tokens.
    }
    let pair = format!(r#""access_token":"{ACCESS}","refresh_token":"{REFRESH}""#);
    let pair = pair.as_bytes();
    for body in [
        [b"{\"x\":", data, b",", pair, b"}"].concat(),
        [b"{", pair, b",\"x\":", data, b"}"].concat(),
        [b"{", pair, b"}", data].concat(),
    ] {
        let answer = read(200, &body);
        describe(&answer);
        let TokenAnswer::Issued(tokens) = answer else {
            panic!("the pair is lost: {answer:?}");
        };
        assert_eq!(tokens.access_token.expose(), ACCESS);
        assert_eq!(tokens.refresh_token.expect("a refresh token").expose(), REFRESH);
    }
}

fn read(status: u16, body: &[u8]) -> TokenAnswer {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    TokenAnswer::read(&response)
}

fn describe(answer: &TokenAnswer) {
    let text = format!("{answer:?}");
    assert!(!text.contains(ACCESS) && !text.contains(REFRESH), "{text}");
}

/// Whether the input has a member of a token's name, perhaps written with escapes.
fn names_a_token(data: &[u8]) -> bool {
    let plain: Vec<u8> = data.iter().copied().filter(|byte| *byte != b'\\').collect();
    let names: [&[u8]; 3] = [b"access_token", b"refresh_token", b"u00"];
    names.iter().any(|name| contains(&plain, name))
}

fn contains(data: &[u8], part: &[u8]) -> bool {
    data.windows(part.len()).any(|window| window == part)
}
