//! A process of the integration.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use revento_sandbox::SandboxInfo;
use tokio::process::{Child, Command};

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_flawed-integration");

/// The key that encrypts its tokens.
pub(crate) const ENCRYPTION_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A running process. It is killed when it is dropped.
pub(crate) struct Integration {
    process: Child,
    pub(crate) url: String,
}

impl Integration {
    /// Starts it for the platform of `info`, and waits until it answers.
    pub(crate) async fn start(info: &SandboxInfo, port: u16, data_dir: &Path, mistakes: &str) -> Self {
        let mut process = Command::new(PROGRAM)
            .env("REVENTO_AUTH_BASE", &info.auth_base)
            .env("REVENTO_API_BASE", &info.api_base)
            .env("REVENTO_CLIENT_ID", &info.client_id)
            .env("REVENTO_CLIENT_SECRET", &info.client_secret)
            .env("REVENTO_WEBHOOK_SECRET", &info.webhook_secret)
            .env("REVENTO_EVENT_ID", &info.events[0])
            .env("PORT", port.to_string())
            .env("DATA_DIR", data_dir)
            .env("ENCRYPTION_KEY", ENCRYPTION_KEY)
            .env("MISTAKES", mistakes)
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let url = format!("http://localhost:{port}");
        for _ in 0..400 {
            if let Ok(answer) = reqwest::get(format!("{url}/healthz")).await {
                assert_eq!(answer.status(), 204);
                return Self { process, url };
            }
            if let Some(status) = process.try_wait().unwrap() {
                panic!("the integration has ended: {status}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the integration does not answer");
    }

    /// Kills it as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}
