//! Whole flows: an organizer connects, a participant signs in and out.

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use reqwest::Method;
use revento_web::ExchangeLimits;

use super::ALL;
use super::browser::Browser;
use super::site::Site;

const FORM: [(&str, &str); 1] = [("sec-fetch-site", "same-origin")];

#[tokio::test(flavor = "multi_thread")]
async fn o1_an_organizer_connects_the_event_that_the_panel_names() {
    for adapter in ALL {
        let site = Site::new();
        let server = adapter.serve(&site).await;
        let mut browser = Browser::at(&server);
        let begun = browser.open("/connect?event_id=evt_1").await;
        assert_eq!(begun.status, 303, "{adapter:?}");
        assert!(
            begun.location().starts_with("https://auth.test/oauth/authorize?"),
            "{adapter:?}"
        );
        assert_eq!(begun.parameter("event_id"), "evt_1");
        assert_eq!(begun.all("cache-control"), ["no-store"], "{adapter:?}");
        let callback = format!("/callback?code=abc&state={}", begun.parameter("state"));

        let finished = browser.open(&callback).await;
        assert_eq!(
            (finished.status, finished.location()),
            (303, "/event?tab=1&event_id=evt_1"),
            "{adapter:?}: {}",
            finished.body
        );
        assert_eq!(finished.all("referrer-policy"), ["no-referrer"], "{adapter:?}");
        assert!(browser.cookies.is_empty(), "{adapter:?}");
        let connection = site.client.connection("evt_1").await.unwrap();
        assert!(connection.unwrap().status.is_live(), "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s1_a_participant_signs_in_in_the_frame_and_out() {
    for adapter in ALL {
        let site = Site::new();
        site.platform.signs_in.store(true, SeqCst);
        let server = adapter.serve(&site).await;
        let mut browser = Browser::at(&server);
        let framed = [("sec-fetch-dest", "iframe")];
        let refused = browser.send(Method::GET, "/webview?day=2", &framed).await;
        assert_eq!(refused.status, 303, "{adapter:?}");
        let login = refused.location().to_owned();
        assert_eq!(login, "/login?return_to=%2Fwebview%3Fday%3D2", "{adapter:?}");

        let begun = browser.send(Method::GET, &login, &framed).await;
        assert_eq!(begun.parameter("event_id"), "evt_1", "{adapter:?}");
        let cookies = begun.all("set-cookie");
        assert!(
            cookies[0].contains("Partitioned") && cookies[0].contains("SameSite=None"),
            "{adapter:?}: {cookies:?}"
        );
        let callback = format!("/callback?code=abc&state={}", begun.parameter("state"));
        let finished = browser.send(Method::GET, &callback, &framed).await;
        // The session begins, and the flow ends.
        assert_eq!(finished.all("set-cookie").len(), 2, "{adapter:?}");
        assert!(finished.location().starts_with("/webview?"), "{adapter:?}");
        assert_eq!(browser.cookies.len(), 1, "{adapter:?}");

        let page = browser.send(Method::GET, "/webview", &framed).await;
        assert_eq!((page.status, page.body.as_str()), (200, "usr_1"), "{adapter:?}");
        let foreign = browser.send(Method::POST, "/logout", &[]).await;
        assert_eq!((foreign.status, browser.cookies.len()), (403, 1), "{adapter:?}");
        browser.send(Method::POST, "/logout", &FORM).await;
        assert!(browser.cookies.is_empty(), "{adapter:?}");
        let gone = browser.send(Method::GET, "/webview", &framed).await;
        assert_eq!(gone.status, 303, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o3_a_callback_that_comes_again_spends_its_code_once() {
    for adapter in ALL {
        let site = Site::new();
        let server = adapter.serve(&site).await;
        let mut browser = Browser::at(&server);
        let callback = browser.begin("/connect?event_id=evt_1").await;
        let cookies = browser.cookies.clone();
        browser.open(&callback).await;
        browser.cookies = cookies.clone();
        // The routes lead to the page of the event; a handler of the service gets the error.
        let again = browser.open(&callback).await;
        assert_eq!(
            (again.status, again.location()),
            (303, "/event?tab=1&event_id=evt_1"),
            "{adapter:?}"
        );
        assert!(browser.cookies.is_empty(), "{adapter:?}: the flow has ended");
        browser.cookies = cookies;
        let own = browser.open(&format!("/own{callback}")).await;
        assert_eq!(own.status, 409, "{adapter:?}");
        assert!(browser.cookies.is_empty(), "{adapter:?}");
        assert_eq!(site.codes(), 1, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o3_a_callback_of_another_browser_or_of_no_flow_calls_nobody() {
    for adapter in ALL {
        let site = Site::new();
        let server = adapter.serve(&site).await;
        let (mut victim, mut attacker) = (Browser::at(&server), Browser::at(&server));
        let callback = attacker.begin("/connect?event_id=evt_1").await;
        for callback in [
            callback.as_str(),
            "/callback",
            "/callback?code=a&state=b",
            "/callback?state=b",
        ] {
            for address in [callback.to_owned(), format!("/own{callback}")] {
                let refused = victim.open(&address).await;
                assert_eq!(refused.status, 400, "{adapter:?} {address}");
                assert!(refused.body.starts_with("Not connected: "), "{}", refused.body);
                assert_eq!(refused.all("content-type"), ["text/plain; charset=utf-8"]);
            }
        }
        assert_eq!(site.codes(), 0, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h14_a_callback_above_the_limit_is_503_and_stays_good() {
    for adapter in ALL {
        for prefix in ["", "/own"] {
            let site = Site::with_limits(ExchangeLimits::default().per_minute(1));
            let server = adapter.serve(&site).await;
            let mut browser = Browser::at(&server);
            let first = browser.begin("/own/connect?event_id=evt_1").await;
            assert_eq!(browser.open(&first).await.status, 303, "{adapter:?}");
            let second = browser.begin("/own/connect?event_id=evt_1").await;
            let second = format!("{prefix}{second}");
            let busy = browser.open(&second).await;
            assert_eq!(busy.status, 503, "{adapter:?}");
            assert_eq!(busy.all("retry-after"), ["60"], "{adapter:?}");
            assert!(busy.all("set-cookie").is_empty(), "{adapter:?}");
            let minute = Duration::from_secs(60).as_secs();
            site.clock.0.store(minute.cast_signed(), SeqCst);
            assert_eq!(browser.open(&second).await.status, 303, "{adapter:?}");
            assert_eq!(site.codes(), 2, "{adapter:?}");
        }
    }
}
