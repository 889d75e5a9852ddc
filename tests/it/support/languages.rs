//! The integrations in other languages (`examples/other-languages`): how to build and start them.
//!
//! [`Language::build`] installs what one needs into the build folder, once. The result is a command for `sh -c` and a folder, as
//! `revento doctor --start` takes them; [`Integration::start`] runs it with the settings of a sandbox.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use revento_sandbox::SandboxInfo;
use tokio::process::Command;
use tokio::sync::Mutex;

use super::program::{Group, run};
use super::{engine, install, wait};

/// 32 bytes.
const ENCRYPTION_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// One folder of `examples/other-languages`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Go,
    Java,
    Node,
    Php,
    Python,
    Ruby,
}

impl Language {
    pub(crate) const ALL: [Self; 6] = [
        Self::Go,
        Self::Java,
        Self::Node,
        Self::Php,
        Self::Python,
        Self::Ruby,
    ];

    /// The name of its folder.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Java => "java",
            Self::Node => "node-express",
            Self::Php => "php",
            Self::Python => "python-flask",
            Self::Ruby => "ruby",
        }
    }

    /// Whether it does more than receive webhooks.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Self::Node | Self::Python)
    }

    /// Builds it, if that has not been done. `None` if a program of the language is missing.
    pub(crate) async fn build(self) -> Option<Integration> {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
        let _building = ONE_AT_A_TIME.lock().await;
        let sources = sources().join(self.folder());
        let home = install::home(self.folder());
        let (command, folder) = match self {
            Self::Go => (go(&sources, &home).await?, sources),
            Self::Java => (java(&sources, &home).await?, sources),
            Self::Node => (node(&sources, &home).await?, home),
            Self::Php => (php()?, sources),
            Self::Python => (python(&sources, &home).await?, sources),
            Self::Ruby => (ruby()?, sources),
        };
        Some(Integration { command, folder })
    }
}

/// `examples/other-languages`.
pub(crate) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/other-languages")
}

async fn go(sources: &Path, home: &Path) -> Option<String> {
    let go = engine::path("REVENTO_TEST_GO")?;
    let program = home.join("receiver");
    let mut build = Command::new(go);
    build
        .args(["build", "-buildvcs=false", "-o"])
        .arg(&program)
        .arg(".");
    // No network: the standard library is enough.
    build
        .envs([
            ("GOPROXY", "off"),
            ("GOFLAGS", "-mod=readonly"),
            ("GOTOOLCHAIN", "local"),
        ])
        .env("GOCACHE", home.join("cache"))
        .current_dir(sources);
    run(&mut build).await;
    Some(format!("exec {}", quoted(&program)))
}

async fn java(sources: &Path, home: &Path) -> Option<String> {
    let (java, javac) = (
        engine::path("REVENTO_TEST_JAVA")?,
        engine::path("REVENTO_TEST_JAVAC")?,
    );
    let gson = engine::path("REVENTO_TEST_GSON")?;
    let mut build = Command::new(javac);
    build
        .args(["-Xlint:all", "-Werror", "-d"])
        .arg(home)
        .arg("-cp")
        .arg(&gson);
    build.args(files(sources, "java")).current_dir(sources);
    run(&mut build).await;
    let classes = format!("{}:{}", home.display(), gson.display());
    Some(format!(
        "exec {} -cp {} Receiver",
        quoted(&java),
        quoted(Path::new(&classes))
    ))
}

/// Node looks for packages beside the program, so the program is copied to where they are.
async fn node(sources: &Path, home: &Path) -> Option<String> {
    let (node, npm) = (
        engine::path("REVENTO_TEST_NODE")?,
        engine::path("REVENTO_TEST_NPM")?,
    );
    fs::create_dir_all(home.join("src")).unwrap();
    for name in ["", "src"] {
        for file in files(&sources.join(name), "js")
            .into_iter()
            .chain(files(&sources.join(name), "json"))
        {
            fs::copy(&file, home.join(name).join(file.file_name().unwrap())).unwrap();
        }
    }
    install::once(home, &sources.join("package-lock.json"), async || {
        let options = ["ci", "--omit=dev", "--no-audit", "--no-fund"];
        run(Command::new(npm).args(options).current_dir(home)).await;
    })
    .await;
    Some(format!("exec {} server.js", quoted(&node)))
}

async fn python(sources: &Path, home: &Path) -> Option<String> {
    let python = engine::path("REVENTO_TEST_PYTHON")?;
    let own_python = install::venv(&python, home, &sources.join("requirements.txt")).await;
    Some(format!("exec {} -B app.py", quoted(&own_python)))
}

fn php() -> Option<String> {
    let php = engine::path("REVENTO_TEST_PHP")?;
    Some(format!("PATH={}:$PATH exec sh serve.sh", quoted(php.parent()?)))
}

fn ruby() -> Option<String> {
    let (ruby, puma) = (
        engine::path("REVENTO_TEST_RUBY")?,
        engine::path("REVENTO_TEST_PUMA")?,
    );
    let options = "--quiet --threads 4:16 --bind tcp://127.0.0.1:$PORT";
    Some(format!("exec {} {} {options}", quoted(&ruby), quoted(&puma)))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_str().unwrap().replace('\'', r"'\''"))
}

/// A built integration.
#[derive(Debug, Clone)]
pub(crate) struct Integration {
    /// For `sh -c`.
    pub(crate) command: String,
    /// Where the command runs.
    pub(crate) folder: PathBuf,
}

/// Where an integration listens, how browsers reach it, and where its data is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) port: u16,
    pub(crate) base_url: String,
    pub(crate) data: PathBuf,
}

impl Integration {
    /// A command for any shell, that starts it with its own settings. Those of the platform come from the environment.
    pub(crate) fn shell_command(&self, place: &Place) -> String {
        let Place { port, base_url, data } = place;
        let settings = format!(
            "PORT={port} BASE_URL={base_url} ENCRYPTION_KEY={ENCRYPTION_KEY} DATA_DIR={}",
            quoted(data)
        );
        format!(
            "cd {} && export {settings} && {}",
            quoted(&self.folder),
            self.command
        )
    }

    /// Starts it, and waits until it answers. Dropping the result kills it and all that it started.
    pub(crate) async fn start(&self, place: &Place, info: &SandboxInfo) -> Group {
        let log = place.data.with_file_name(format!("{}.log", place.port));
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.command).current_dir(&self.folder);
        command
            .env("PORT", place.port.to_string())
            .env("BASE_URL", &place.base_url)
            .env("DATA_DIR", &place.data)
            .env("ENCRYPTION_KEY", ENCRYPTION_KEY)
            .env("REVENTO_AUTH_BASE", &info.auth_base)
            .env("REVENTO_API_BASE", &info.api_base)
            .env("REVENTO_CLIENT_ID", &info.client_id)
            .env("REVENTO_CLIENT_SECRET", &info.client_secret)
            .env("REVENTO_WEBHOOK_SECRET", &info.webhook_secret)
            .env("REVENTO_EVENT_ID", &info.events[0]);
        let mut group = Group::start(&mut command, &log);
        let health = format!("http://127.0.0.1:{}/healthz", place.port);
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        wait::until("the integration listens", async || {
            group.assert_running();
            match client.get(&health).send().await {
                Ok(response) if response.status() == 204 => Ok(()),
                other => Err(format!("{other:?}\n{}", group.output())),
            }
        })
        .await;
        group
    }
}
