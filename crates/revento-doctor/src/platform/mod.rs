//! The platform that the integration under test talks to: a sandbox behind a recording proxy.
//!
//! The proxy hands each request to [`Sandbox::answer`](revento_sandbox::Sandbox::answer) in the same process. So the doctor sees
//! every exchange in full, and can hold, lose or change an answer.

mod call;
mod edit;
mod proxy;
mod relay;
mod rule;
mod secrets;
pub(crate) mod world;

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use revento_sandbox::{Sandbox, SandboxInfo};
use url::Url;

pub(crate) use call::{Call, Endpoint};
pub(crate) use edit::{answer, json_answer};
pub(crate) use relay::{Delivered, Relay, RelayMode};
pub(crate) use rule::{Effect, Gate, RuleGuard};
pub(crate) use secrets::Secrets;

use crate::error::{Cause, DoctorError};
use crate::settings;
use proxy::Proxy;
use world::{Event, World};

/// A place in the record of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(usize);

impl Mark {
    /// Before the first call.
    pub(crate) const BEGINNING: Self = Self(0);
}

/// The running platform.
#[derive(Debug)]
pub(crate) struct Platform {
    proxy: Arc<Proxy>,
    server: tokio::task::JoinHandle<()>,
    pub(crate) world: World,
    base: String,
}

impl Platform {
    /// Starts the platform at a listener that is already bound.
    pub(crate) async fn start(
        listener: TcpListener,
        public_url: Option<&Url>,
        seed: u64,
        redirect_uris: &[String],
        webhook_url: Option<Url>,
        connect_url: Option<&Url>,
    ) -> Result<Self, DoctorError> {
        let cannot = |error| Cause::Machine("the doctor cannot listen on its address", error);
        let address = listener.local_addr().map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(cannot)?;
        let base = settings::base(public_url, address);
        let world = World::new(seed);
        let file = tempfile::NamedTempFile::new()
            .and_then(|file| std::fs::write(file.path(), world.seed().to_string()).map(|()| file))
            .map_err(|error| Cause::Machine("the doctor cannot write a temporary file", error))?;
        let mut builder = Sandbox::builder()
            .seed_file(file.path())
            .public_url(base.clone())
            .webhook_url(format!(
                "http://{}{}",
                settings::local(address),
                proxy::WEBHOOK_PATH
            ));
        for uri in redirect_uris {
            builder = builder.redirect_uri(uri.clone());
        }
        if let Some(url) = connect_url {
            builder = builder.connect_url(url.as_str());
        }
        let sandbox = builder.start().await.map_err(Cause::Platform)?;
        let relay = Relay::to(webhook_url);
        let proxy = Arc::new(Proxy::new(sandbox, relay));
        let server = tokio::spawn(proxy::serve(listener, Arc::clone(&proxy)));
        Ok(Self {
            proxy,
            server,
            world,
            base,
        })
    }

    /// Stops serving, so that another platform can serve at the same address.
    pub(crate) async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }

    pub(crate) fn info(&self) -> &SandboxInfo {
        self.proxy.sandbox.info()
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.proxy.sandbox
    }

    pub(crate) fn relay(&self) -> &Relay {
        &self.proxy.relay
    }

    /// The base URL, without a slash at the end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// This moment, to ask later what happened since.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.calls().len())
    }

    /// The calls that were answered since the mark, in the order of their answers.
    pub(crate) fn calls_since(&self, mark: Mark) -> Vec<Arc<Call>> {
        self.calls().get(mark.0..).unwrap_or_default().to_vec()
    }

    /// Those of one endpoint.
    pub(crate) fn calls_of(&self, endpoint: Endpoint, mark: Mark) -> Vec<Arc<Call>> {
        let mut calls = self.calls_since(mark);
        calls.retain(|call| call.endpoint == endpoint);
        calls
    }

    /// Those of one endpoint about one event.
    pub(crate) fn calls_about(&self, event: &Event, endpoint: Endpoint, mark: Mark) -> Vec<Arc<Call>> {
        let mut calls = self.calls_of(endpoint, mark);
        calls.retain(|call| call.event_id.as_deref() == Some(&event.id));
        calls
    }

    fn calls(&self) -> Vec<Arc<Call>> {
        self.proxy
            .calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Applies an effect to the calls of an endpoint: `times` times, or until the guard is dropped.
    pub(crate) fn on(&self, endpoint: Endpoint, times: Option<u32>, effect: Effect) -> RuleGuard {
        self.proxy.rules.add(endpoint, None, 0, times, effect)
    }

    /// Like [`on`](Self::on) for the calls of one event, after `skip` calls that pass. An event whose check is over may still
    /// call.
    pub(crate) fn on_event(
        &self,
        event: &Event,
        endpoint: Endpoint,
        skip: u32,
        times: Option<u32>,
        effect: Effect,
    ) -> RuleGuard {
        self.proxy
            .rules
            .add(endpoint, Some(&event.id), skip, times, effect)
    }

    /// Asks the control API of the sandbox, such as `POST /integrations/…/rotate-webhook-secret`. The answer is its JSON.
    pub(crate) async fn control(
        &self,
        method: &str,
        path: &str,
        body: serde_json::Value,
    ) -> serde_json::Value {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}/_sandbox{path}", self.base))
            .header("host", self.base.trim_start_matches("http://"))
            .header("content-type", "application/json")
            .body(bytes::Bytes::from(body.to_string()));
        let Ok(request) = request else {
            return serde_json::Value::Null;
        };
        let answer = self.proxy.sandbox.answer(request).await;
        let body = answer.map(http::Response::into_body).unwrap_or_default();
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// Every secret that the platform has given out.
    pub(crate) fn secrets(&self) -> Secrets {
        self.proxy
            .secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The webhook secret that signs now.
    pub(crate) fn webhook_secret(&self) -> String {
        let secrets = self.secrets();
        secrets.webhook.last().cloned().unwrap_or_default()
    }

    /// Takes note of a secret that no webhook of the platform is signed with, so that no report shows it.
    pub(crate) fn note_webhook_secret(&self, secret: &str) {
        let mut secrets = self.proxy.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        // The last one signs.
        secrets.webhook.insert(0, secret.to_owned());
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Shared state behind a lock that no panic poisons.
pub(crate) type Shared<T> = Mutex<T>;
