//! Pages of public clients that call the platform from a browser (CORS), and the path of the public URL.

use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::world::{EVENT, VERIFIER, World, landed, pair, refusal, request};

const ORIGIN: &str = "http://localhost:3000";
const MANIFEST: &str = r#"
[[integration]]
client_id = "int_page"
name = "Page"
client = "public"
scopes.required = ["event.read"]
redirect_uris = ["http://localhost:3000/callback", "https://app.example:8443/cb?x=1", "app.example://callback"]

[[integration]]
client_id = "int_server"
name = "Server"
scopes.required = ["event.read"]
redirect_uris = ["http://server.localhost:5000/callback"]
"#;

async fn world() -> World {
    World::start_with(|builder| builder.manifest(MANIFEST)).await
}

fn allowed(answer: &Response) -> Option<&str> {
    let vary = answer.headers()["vary"].to_str().unwrap();
    assert!(vary.contains("origin"), "{vary}");
    let value = answer.headers().get("access-control-allow-origin")?;
    assert!(!answer.headers().contains_key("access-control-allow-credentials"));
    Some(value.to_str().unwrap())
}

async fn preflight(world: &World, path: &str, origin: &str, method: &str) -> Response {
    let url = format!("{}{path}", world.info().auth_base);
    let request = world.http.request(Method::OPTIONS, url);
    let request = request
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type")
        .header("access-control-request-private-network", "true");
    request.send().await.unwrap()
}

#[tokio::test]
async fn h22_a_page_of_a_public_client_connects_and_reads_from_a_browser() {
    let world = world().await;
    for (path, method) in [
        ("/oauth/token", "POST"),
        ("/api/v1/events/evt_test_published", "GET"),
    ] {
        let answer = preflight(&world, path, ORIGIN, method).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{path}");
        assert_eq!(allowed(&answer), Some(ORIGIN));
        assert_eq!(answer.headers()["access-control-allow-methods"], method);
        assert_eq!(answer.headers()["access-control-allow-private-network"], "true");
        let may_send = answer.headers()["access-control-allow-headers"].to_str().unwrap();
        for name in ["authorization", "content-type", "accept", "x-revento-request-id"] {
            assert!(may_send.contains(name), "{may_send}");
        }
    }
    let params = request(world.info(), "event.read");
    let code = landed(&world.consent(&params, &[("decision", "authorize")]).await)["code"].clone();
    let url = format!("{}/oauth/token", world.info().auth_base);
    let exchange = async |code: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", crate::world::CALLBACK),
            ("client_id", "int_page"),
            ("code_verifier", VERIFIER),
        ];
        let post = world.http.post(&url).header("origin", ORIGIN);
        post.form(&form).send().await.unwrap()
    };
    // Errors are for the page, too.
    let refused = exchange("wrong").await;
    assert_eq!(allowed(&refused), Some(ORIGIN));
    assert_eq!(refusal(refused).await.1, "invalid_grant");
    let answer = exchange(&code).await;
    assert_eq!(allowed(&answer), Some(ORIGIN));
    let tokens = pair(answer).await;
    let read = async |token: &str, path: &str| {
        let url = format!("{}{path}", world.info().api_base);
        let get = world.http.get(url).header("origin", ORIGIN);
        get.bearer_auth(token).send().await.unwrap()
    };
    let event = read(&tokens.access, &format!("/events/{EVENT}")).await;
    assert_eq!((event.status(), allowed(&event)), (StatusCode::OK, Some(ORIGIN)));
    let exposed = event.headers()["access-control-expose-headers"].to_str().unwrap();
    for name in ["x-ratelimit-remaining", "retry-after", "x-revento-request-id"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    for (token, path, status) in [
        ("wrong", "/me/profile", 401),
        (&tokens.access, "/me/profile", 403),
        (&tokens.access, "/nothing", 404),
        (&tokens.access, "/events/%ff", 400),
    ] {
        let answer = read(token, path).await;
        assert_eq!(
            (answer.status().as_u16(), allowed(&answer)),
            (status, Some(ORIGIN)),
            "{path}"
        );
    }
    let fault = json!({ "fault": "server_error", "endpoint": "event" });
    world.act("/faults", fault).await;
    let failed = read(&tokens.access, &format!("/events/{EVENT}")).await;
    assert_eq!((failed.status().as_u16(), allowed(&failed)), (500, Some(ORIGIN)));
    let write = world.http.post(format!("{}/me/profile", world.info().api_base));
    let write = write.header("origin", ORIGIN).send().await.unwrap();
    assert_eq!((write.status().as_u16(), allowed(&write)), (405, Some(ORIGIN)));
}

#[tokio::test]
async fn h22_other_origins_and_other_paths_are_not_opened() {
    let world = world().await;
    let second = preflight(&world, "/oauth/token", "https://app.example:8443", "POST").await;
    assert_eq!(allowed(&second), Some("https://app.example:8443"));
    for origin in [
        "http://server.localhost:5000",
        "http://localhost:3001",
        "https://localhost:3000",
        "http://localhost:3000.evil.example",
        "https://app.example",
        "app.example://callback",
        "null",
    ] {
        let answer = preflight(&world, "/oauth/token", origin, "POST").await;
        assert_eq!(allowed(&answer), None, "{origin}");
        let (status, error) = refusal(answer).await;
        assert_eq!(
            (status, error.as_str()),
            (403, "origin_not_registered"),
            "{origin}"
        );
    }
    for path in ["/console", "/_sandbox/stats", "/oauth/authorize", "/openapi.json"] {
        let answer = preflight(&world, path, ORIGIN, "GET").await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let url = format!("{}{path}", world.info().auth_base);
        let get = world.http.get(url).header("origin", ORIGIN).send().await.unwrap();
        assert!(
            !get.headers().contains_key("access-control-allow-origin"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn h22_below_a_path_every_address_has_the_path() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let world = World::start_with(|builder| {
        builder
            .listener(listener)
            .public_url(format!("{origin}/dev/revento/"))
            .connect_url("http://localhost:3000/connect")
    })
    .await;
    assert_eq!(world.info().auth_base, format!("{origin}/dev/revento"));
    assert_eq!(world.info().api_base, format!("{origin}/dev/revento/api/v1"));
    // The whole flow, with the control API, below the path.
    world.connect().await;
    world
        .act("/applications/app_published_0002/approve", json!({}))
        .await;
    let webhook = world.receiver.next().await;
    world
        .delivery(&webhook.headers["x-revento-delivery-id"], |row| {
            row["status"] == "delivered"
        })
        .await;
    let page = json!({ "title": "Page", "url": "http://localhost:3000/page" });
    let added = world.act(&format!("/events/{EVENT}/pages"), page).await;

    let mut seen = std::collections::BTreeSet::new();
    let mut todo = vec![
        format!("{origin}/dev/revento"),
        added["page_url"].as_str().unwrap().to_owned(),
    ];
    while let Some(url) = todo.pop() {
        let answer = world.http.get(&url).send().await.unwrap();
        if answer.status().is_redirection() {
            let to = answer.headers()["location"].to_str().unwrap();
            assert!(to.starts_with("/dev/revento/"), "{url} redirects to {to}");
            todo.push(format!("{origin}{to}"));
            continue;
        }
        assert_eq!(answer.status(), StatusCode::OK, "{url}");
        if !answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
        {
            continue;
        }
        let page = answer.text().await.unwrap();
        for attribute in ["href=\"", "src=\"", "action=\""] {
            for rest in page.split(attribute).skip(1) {
                let address = rest.split('"').next().unwrap();
                if address.starts_with(['#', '?']) || address.starts_with("http://localhost:3000/") {
                    continue;
                }
                assert!(
                    address.starts_with("/dev/revento/"),
                    "{url} has {attribute}{address}"
                );
                let is_page = attribute == "href=\"" || attribute == "src=\"" && !address.contains("/live?");
                if is_page && seen.insert(address.to_owned()) {
                    todo.push(format!("{origin}{}", address.replace("&amp;", "&")));
                }
            }
        }
    }
    assert!(seen.len() > 15, "{seen:?}");
    // A form of the console leads back below the path, and a proxy may remove the path.
    let page = world.http.get(&world.info().console_url).send().await.unwrap();
    let csrf = crate::world::hidden(&page.text().await.unwrap(), "csrf");
    let form = [("csrf", csrf.as_str()), ("advance_s", "60")];
    for base in [format!("{origin}/dev/revento"), origin.clone()] {
        let post = world.http.post(format!("{base}/console/clock"));
        let answer = post.form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()["location"], "/dev/revento/console");
    }
}
