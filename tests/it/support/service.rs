//! An example integration and a sandbox, both in this process.

use std::path::Path;

use revento_example_service::{Service, Settings};
use revento_sandbox::{ConsentDecision, Sandbox, SandboxInfo};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::control::Control;

/// A running sandbox and an integration that is registered with it.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) base_url: String,
    pub(crate) control: Control,
    sandbox: Sandbox,
    integration: Running,
    _data: TempDir,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The example services: the same pages in two web frameworks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Example {
    Axum,
    Actix,
}

impl Example {
    pub(crate) const ALL: [Self; 2] = [Self::Axum, Self::Actix];

    async fn serve(self, listener: TcpListener, settings: Settings) -> Running {
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let task = match self {
            Self::Axum => {
                let service = Service::open(settings).await.unwrap();
                tokio::spawn(service.serve(vec![listener], stopped))
            }
            // The server of actix-web stays on its thread.
            Self::Actix => {
                let listener = listener.into_std().unwrap();
                tokio::task::spawn_blocking(move || {
                    let runtime = tokio::runtime::Runtime::new().unwrap();
                    runtime.block_on(async move {
                        let service = Service::open(settings).await.unwrap();
                        revento_example_actix::serve_on(service, listener, stopped).await;
                    });
                })
            }
        };
        Running { stop, task }
    }
}

impl Environment {
    /// Starts the service on axum, and a sandbox.
    pub(crate) async fn start() -> Self {
        Self::start_with(Example::Axum).await
    }

    /// Starts both on free ports. No event is connected.
    pub(crate) async fn start_with(example: Example) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let sandbox = Sandbox::builder()
            .redirect_uri(format!("{base_url}/callback"))
            .webhook_url(format!("{base_url}/webhooks"))
            .connect_url(format!("{base_url}/connect"))
            .start()
            .await
            .unwrap();
        let data = tempfile::tempdir().unwrap();
        let settings = settings(sandbox.info(), &base_url, data.path());
        let integration = example.serve(listener, settings).await;
        let control = Control::new(&sandbox.info().control_base);
        Self {
            base_url,
            control,
            sandbox,
            integration,
            _data: data,
        }
    }

    /// The sandbox's URLs and credentials.
    pub(crate) fn info(&self) -> &SandboxInfo {
        self.sandbox.info()
    }

    /// The event that the integration offers to connect.
    pub(crate) fn event(&self) -> &str {
        &self.info().events[0]
    }

    /// A participant signs in on the consent page of this URL. Returns where the platform sends the browser.
    pub(crate) async fn sign_in(&self, consent: &str, user: &str) -> String {
        let decision = ConsentDecision::SignIn(user.to_owned());
        self.sandbox.authorize(consent, decision).await.unwrap()
    }

    /// Stops both.
    pub(crate) async fn stop(self) {
        self.integration.stop.send(()).expect("the integration has ended");
        self.integration.task.await.unwrap();
        self.sandbox.shutdown().await;
    }
}

fn settings(info: &SandboxInfo, base_url: &str, data: &Path) -> Settings {
    Settings {
        auth_base: info.auth_base.clone(),
        api_base: info.api_base.clone(),
        client_id: info.client_id.clone(),
        client_secret: info.client_secret.clone(),
        webhook_secret: info.webhook_secret.clone(),
        previous_webhook_secret: None,
        event_id: info.events[0].clone(),
        base_url: base_url.to_owned(),
        data: data.to_owned(),
    }
}
