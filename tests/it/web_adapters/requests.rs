//! What a browser may send: other methods, prefetches, odd cookies, several headers of one name.

use reqwest::Method;
use reqwest::header::{COOKIE, HeaderMap, HeaderValue};

use super::ALL;
use super::browser::Browser;
use super::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn h13_a_prefetch_and_a_head_neither_begin_nor_finish() {
    for adapter in ALL {
        let site = Site::new();
        let server = adapter.serve(&site).await;
        let mut browser = Browser::at(&server);
        let callback = browser.begin("/connect?event_id=evt_1").await;
        let own = format!("/own{callback}");
        let pages = [
            "/connect?event_id=evt_1",
            "/login?event_id=evt_1",
            "/own/connect?event_id=evt_1",
            &callback,
            &own,
        ];
        for address in pages {
            let head = browser.send(Method::HEAD, address, &[]).await;
            assert_eq!(head.status, 204, "{adapter:?} {address}");
            let purpose = [("sec-purpose", "prefetch;prerender")];
            let prefetch = browser.send(Method::GET, address, &purpose).await;
            assert_eq!(prefetch.status, 503, "{adapter:?} {address}");
            for answer in [head, prefetch] {
                assert!(answer.all("set-cookie").is_empty(), "{adapter:?} {address}");
                assert!(answer.all("location").is_empty(), "{adapter:?} {address}");
            }
        }
        assert_eq!(site.codes(), 0, "{adapter:?}");
        assert_eq!(browser.open(&callback).await.status, 303, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_answer_other_methods_with_405_and_leave_other_paths_alone() {
    for adapter in ALL {
        let site = Site::new();
        let server = adapter.serve(&site).await;
        let mut browser = Browser::at(&server);
        for path in ["/connect", "/login", "/callback"] {
            let refused = browser.send(Method::POST, path, &[]).await;
            assert_eq!(refused.status, 405, "{adapter:?} {path}");
            assert_eq!(refused.all("allow"), ["GET, HEAD"], "{adapter:?} {path}");
        }
        assert_eq!(browser.open("/nothing").await.status, 404, "{adapter:?}");
        assert_eq!(browser.open("/callback/").await.status, 404, "{adapter:?}");
        assert_eq!(browser.open("/policy").await.body, "a page", "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h12_cookies_in_several_headers_and_a_neighbours_bytes_hide_no_flow() {
    for adapter in ALL {
        for latin in ["city=Zürich".as_bytes(), b"city=Z\xfcrich"] {
            let site = Site::new();
            let server = adapter.serve(&site).await;
            let mut browser = Browser::at(&server);
            let callback = browser.begin("/connect?event_id=evt_1").await;
            let (name, value) = browser.cookies.first_key_value().unwrap();
            let mut headers = HeaderMap::new();
            for line in [
                [latin, format!("; {name}=junk; {name}=").as_bytes()].concat(),
                format!("a=b; {name}={value}").into_bytes(),
            ] {
                headers.append(COOKIE, HeaderValue::from_bytes(&line).unwrap());
            }
            let finished = browser.send_raw(Method::GET, &callback, headers).await;
            assert_eq!(finished.status, 303, "{adapter:?}: {}", finished.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h13_a_browser_keeps_four_flows() {
    for adapter in ALL {
        let site = Site::new();
        let server = adapter.serve(&site).await;
        let mut browser = Browser::at(&server);
        let mut callbacks = Vec::new();
        for _ in 0..8 {
            callbacks.push(browser.begin("/connect?event_id=evt_1").await);
            assert!(browser.cookies.len() <= 4, "{adapter:?}");
        }
        let last = callbacks.pop().unwrap();
        assert_eq!(browser.open(&last).await.status, 303, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h31_an_address_without_an_event_or_with_two_begins_nothing() {
    for adapter in ALL {
        let site = Site::new();
        let server = adapter.serve(&site).await;
        let mut browser = Browser::at(&server);
        for query in ["", "?event_id=", "?event_id=a&event_id=b", "?event_id=a%20b"] {
            for page in ["/connect", "/own/connect"] {
                let refused = browser.open(&format!("{page}{query}")).await;
                assert_eq!(refused.status, 400, "{adapter:?} {page}{query}");
                assert!(refused.body.contains("event_id"), "{adapter:?} {}", refused.body);
            }
        }
        let odd = browser.open("/connect?event_id=evt_%26%C3%BC%2F&x=%ff").await;
        assert_eq!(odd.parameter("event_id"), "evt_&ü/", "{adapter:?}");
    }
}
