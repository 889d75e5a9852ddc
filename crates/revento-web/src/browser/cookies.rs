//! Reads the cookies of a request.

use cookie::Cookie;
use http::{HeaderMap, header::COOKIE};

/// The names and values of a request's cookies, in the order in which the browser sent them.
///
/// Each pair is read by itself. So a neighbour's cookie with bytes that are not ASCII hides no other cookie. HTTP/2 sends
/// several `Cookie` headers (RFC 9113 §8.2.3). Splitting the bytes is our own code, since the library reads text only.
pub(crate) fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(COOKIE)
        .into_iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| Cookie::parse(pair).ok())
        .filter_map(|cookie| Some((cookie.name_raw()?, cookie.value_raw()?)))
}

/// The values of all cookies of this name. Another page of this host can set one of the same name in front of ours, so try
/// all of them.
pub(crate) fn named<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    all(headers)
        .filter(move |(found, _)| *found == name)
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn sent(lines: &[&[u8]]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|line| (COOKIE, HeaderValue::from_bytes(line).unwrap()));
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(name, line);
        }
        headers
    }

    #[test]
    fn h12_a_neighbours_cookie_hides_no_other() {
        for line in [
            "city=Zürich; ours=1".as_bytes(),
            b"city=Z\xfcrich; ours=1",
            b"\xff\xfe=\xff; ours=1; \xff",
            b"ours=1; city=Z\xfcrich",
            b";;; =; =x; x; \"; ours=1; ours2=2",
            b"a=b=c;ours=1",
        ] {
            let headers = sent(&[line]);
            assert_eq!(named(&headers, "ours").collect::<Vec<_>>(), ["1"], "{line:?}");
        }
    }

    #[test]
    fn h12_every_header_and_every_cookie_of_the_name_counts() {
        let headers = sent(&[b"ours=junk; a=b", b"ours=2", b"c=d; ours=3; Ours=4"]);
        assert_eq!(named(&headers, "ours").collect::<Vec<_>>(), ["junk", "2", "3"]);
    }

    proptest! {
        #[test]
        fn h12_ours_is_found_between_any_bytes(
            before in proptest::collection::vec(any::<u8>(), 0..40),
            after in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let line = [&before[..], b";ours=1;", &after].concat();
            if let Ok(line) = HeaderValue::from_bytes(&line) {
                let headers = HeaderMap::from_iter([(COOKIE, line)]);
                prop_assert!(named(&headers, "ours").any(|value| value == "1"));
            }
        }
    }
}
