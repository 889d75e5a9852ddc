//! The example integration and a sandbox, both in this process.

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

impl Environment {
    /// Starts both on free ports. No event is connected.
    pub(crate) async fn start() -> Self {
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
        let integration = serve(listener, settings(sandbox.info(), &base_url, data.path())).await;
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

async fn serve(listener: TcpListener, settings: Settings) -> Running {
    let service = Service::open(settings).await.unwrap();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(service.serve(vec![listener], async { drop(stopped.await) }));
    Running { stop, task }
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
