//! Answering a consent page twice (contract §2.1).

use std::collections::BTreeMap;

use reqwest::{Response, StatusCode};

use crate::world::{EVENT, World, hidden, landed, pair, refusal, request};

struct Page<'w> {
    world: &'w World,
    id: String,
}

impl<'w> Page<'w> {
    async fn open(world: &'w World, scope: &str) -> Self {
        let page = world.ask(&request(world.info(), scope)).await;
        let id = hidden(&page.text().await.unwrap(), "consent_request");
        Self { world, id }
    }

    async fn answer(&self, fields: &[(&str, &str)]) -> Response {
        let mut form = vec![("consent_request", self.id.as_str())];
        form.extend(fields);
        let url = format!("{}/oauth/authorize", self.world.info().auth_base);
        self.world.http.post(url).form(&form).send().await.unwrap()
    }

    async fn landed(&self, fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        landed(&self.answer(fields).await)
    }

    async fn is_refused(&self, fields: &[(&str, &str)]) {
        let answer = self.answer(fields).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert!(!answer.headers().contains_key("location"));
    }
}

#[tokio::test]
async fn h18_the_same_answer_to_a_consent_page_gets_the_same_redirect() {
    let world = World::start().await;
    let page = Page::open(&world, "event.read program.read").await;
    let authorize = [("decision", "authorize"), ("scope", "program.read")];
    let (first, second) = tokio::join!(page.landed(&authorize), page.landed(&authorize));
    assert_eq!(first, second);
    assert_eq!(page.landed(&authorize).await, first);
    for other in [
        [("decision", "decline"), ("scope", "program.read")],
        [("decision", "authorize"), ("scope", "")],
    ] {
        page.is_refused(&other).await;
    }
    // It is one code, whose reuse is still a reuse.
    let tokens = pair(world.exchange(&first["code"]).await).await;
    assert_eq!(page.landed(&authorize).await, first);
    refusal(world.exchange(&second["code"]).await).await;
    let read = world.read(&tokens.access, &format!("/events/{EVENT}")).await;
    assert_eq!(refusal(read).await, (401, "token_revoked".to_owned()));

    world.advance(601).await;
    page.is_refused(&authorize).await;
}

#[tokio::test]
async fn h18_declining_twice_is_declining_once() {
    let world = World::start().await;
    let page = Page::open(&world, "event.read").await;
    let decline = [("decision", "decline")];
    let first = page.landed(&decline).await;
    assert_eq!(first["error"], "access_denied");
    assert_eq!(page.landed(&decline).await, first);
    page.is_refused(&[("decision", "authorize")]).await;
    let audit = world.control("/audit").await["data"].clone();
    assert_eq!(audit.as_array().unwrap().len(), 1, "{audit}");
}

#[tokio::test]
async fn h18_another_participant_is_another_answer() {
    let world = World::start().await;
    world.connect().await;
    let page = Page::open(&world, "profile.read").await;
    let one = [("decision", "authorize"), ("user_id", "usr_0004")];
    let first = page.landed(&one).await;
    assert_eq!(page.landed(&one).await, first);
    page.is_refused(&[("decision", "authorize"), ("user_id", "usr_0005")])
        .await;
}

#[tokio::test]
async fn h18_after_a_restart_no_file_has_a_code_in_the_clear() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("platform.db");
    let world = World::start_with(|builder| builder.data(&file)).await;
    let page = Page::open(&world, "event.read").await;
    let code = page.landed(&[("decision", "authorize")]).await["code"].clone();
    world.sandbox.shutdown().await;
    for entry in std::fs::read_dir(home.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(code.len()).any(|window| window == code.as_bytes()));
    }
}
