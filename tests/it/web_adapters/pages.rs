//! Pages in the platform's frame, and forms of other sites.

use reqwest::Method;

use super::ALL;
use super::browser::Browser;
use super::site::{ORIGIN, PLATFORM, Site};

#[tokio::test(flavor = "multi_thread")]
async fn s7_a_webview_page_names_the_platform_and_other_pages_nobody() {
    for adapter in ALL {
        let server = adapter.serve(&Site::new()).await;
        let mut browser = Browser::at(&server);
        let login = browser
            .send(Method::GET, "/webview", &[("sec-fetch-dest", "iframe")])
            .await;
        let only = format!("frame-ancestors {PLATFORM}");
        assert_eq!(
            login.all("content-security-policy"),
            [only.as_str()],
            "{adapter:?}"
        );
        let other = browser.open("/policy").await;
        assert_eq!(
            other.all("content-security-policy"),
            ["default-src 'self'", "frame-ancestors 'none'"],
            "{adapter:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s8_a_script_gets_a_header_and_a_page_a_redirect() {
    for adapter in ALL {
        let server = adapter.serve(&Site::new()).await;
        let mut browser = Browser::at(&server);
        let script = [("sec-fetch-dest", "empty")];
        let refused = browser.send(Method::GET, "/webview", &script).await;
        assert_eq!(refused.status, 401, "{adapter:?}");
        assert_eq!(refused.all("revento-login"), ["/login"], "{adapter:?}");
        let page = [("accept", "text/html,*/*")];
        let refused = browser.send(Method::GET, "/webview", &page).await;
        assert_eq!(
            (refused.status, refused.location()),
            (303, "/login?return_to=%2Fwebview"),
            "{adapter:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o9_a_connect_page_in_a_frame_leads_out_of_it() {
    for adapter in ALL {
        let server = adapter.serve(&Site::new()).await;
        let mut browser = Browser::at(&server);
        let framed = [("sec-fetch-dest", "iframe")];
        let address = "/connect?event_id=evt_1&x=%22%3E%3Cscript%3E";
        let page = browser.send(Method::GET, address, &framed).await;
        assert_eq!(page.status, 200, "{adapter:?}");
        assert!(
            page.body.contains("target=\"_top\"")
                && page
                    .body
                    .contains("/connect?event_id=evt_1&amp;x=%22%3E%3Cscript%3E"),
            "{adapter:?}: {}",
            page.body
        );
        assert!(browser.cookies.is_empty(), "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h17_a_form_of_another_site_changes_nothing() {
    for adapter in ALL {
        let server = adapter.serve(&Site::new()).await;
        let mut browser = Browser::at(&server);
        let refused: [&[(&str, &str)]; 6] = [
            &[],
            &[("sec-fetch-site", "cross-site"), ("origin", ORIGIN)],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-site", "cross-site"),
            ],
        ];
        for headers in refused {
            let answer = browser.send(Method::POST, "/seats", headers).await;
            assert_eq!(answer.status, 403, "{adapter:?} {headers:?}");
            assert!(answer.body.contains("another site"), "{adapter:?}");
        }
        let allowed: [&[(&str, &str)]; 3] = [
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", ORIGIN)],
        ];
        for headers in allowed {
            let answer = browser.send(Method::POST, "/seats", headers).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (200, "done"),
                "{adapter:?}"
            );
        }
        let foreign = [("sec-fetch-site", "cross-site")];
        let read = browser.send(Method::GET, "/seats", &foreign).await;
        assert_eq!(read.status, 200, "{adapter:?}");
    }
}
