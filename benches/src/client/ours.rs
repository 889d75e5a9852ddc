//! The SDK's client with all of its work for a call, except pacing.

use std::sync::Arc;

use futures_util::TryStreamExt;
use revento::{
    AuthorizationRequest, Client, Endpoints, HyperTransport, Integration, KeyRing, ReqwestTransport, Scopes,
    SealingKey,
    api::Pacing,
    store::{OsEntropy, memory::MemoryTokens},
    transport::Transport,
};

/// A connected client. The platform has no last page for the event `evt_free`.
pub async fn client(base: &str, transport: Arc<dyn Transport>, event: &str) -> Client {
    let integration = Integration::new(
        Endpoints::sandbox(base).expect("a base URL"),
        "clt_1",
        "http://localhost/callback",
    )
    .expect("an integration")
    .with_secret("secret");
    let key = SealingKey::generate(&OsEntropy).expect("a key");
    let client = Client::builder(integration)
        .transport(transport)
        .store(MemoryTokens::new())
        .sealer(KeyRing::new(key))
        .pacing(Pacing::off())
        .build()
        .expect("a client");
    let request = AuthorizationRequest {
        event_id: event.into(),
        scopes: Scopes::parse("event.read participants.read"),
    };
    let begun = client.begin_authorization(&request).expect("randomness");
    let state = begun
        .url
        .split(['?', '&'])
        .find_map(|pair| pair.strip_prefix("state="));
    let query = format!("code={event}&state={}", state.expect("a state"));
    let grant = begun.pending.callback(&query, client.now()).expect("a grant");
    client.finish_authorization(grant).await.expect("a connection");
    client
}

pub fn reqwest() -> Arc<dyn Transport> {
    Arc::new(ReqwestTransport::new().expect("a transport"))
}

pub fn hyper() -> Arc<dyn Transport> {
    Arc::new(HyperTransport::new().expect("a transport"))
}

/// Reads this many pages.
pub async fn walk(client: Client, limit: u16, pages: u32) {
    let mut walk = client.event("evt_free").participants().per_page(limit).pages();
    for _ in 0..pages {
        let page = walk.next_page().await.expect("a page").expect("another page");
        assert!(page.len() == usize::from(limit));
    }
}

/// The peak memory of this process after a stream over this many items, in KiB.
pub async fn peak_memory(base: &str, items: u64) -> u64 {
    let event = format!("evt_{items}");
    let client = client(base, reqwest(), &event).await;
    let mut people = client.event(event.as_str()).participants().stream();
    let mut count = 0;
    while let Some(person) = people.try_next().await.expect("a participant") {
        count += u64::from(!person.id.as_str().is_empty());
    }
    assert_eq!(count, items);
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("a peak")
}
