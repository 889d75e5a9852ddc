//! `revento doctor` examines the integrations of `examples/other-languages`, and has nothing to say against them.

use std::path::Path;

use futures_util::StreamExt as _;
use revento_doctor::{Doctor, Outcome, Report, Settings};

use crate::support::languages::{Integration, Language, Place};
use crate::support::{engine, port};

/// How many examinations run at once. They measure times, too.
const AT_ONCE: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn every_language_passes_every_check() {
    let examinations = Language::ALL.map(|language| async move { (language, judge(language).await) });
    let first: Vec<_> = futures_util::stream::iter(examinations)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    // On a busy machine an integration can be too slow for a check. So what was doubtful is examined again, with nothing beside it.
    let mut findings = Vec::new();
    for (language, _) in first.iter().filter(|(_, doubtful)| !doubtful.is_empty()) {
        findings.extend(judge(*language).await);
    }
    assert!(
        findings.is_empty(),
        "{findings:#?}, and the first time {first:#?}"
    );
}

/// What the doctor says against an integration.
async fn judge(language: Language) -> Vec<String> {
    let Some(integration) = language.build().await else {
        engine::skip(language.folder());
        return Vec::new();
    };
    let report = examine(&integration, language.is_whole()).await;
    findings(language, &report)
}

async fn examine(integration: &Integration, is_whole: bool) -> Report {
    let data = tempfile::tempdir().unwrap();
    let place = place(data.path());
    let url = place.base_url.clone();
    let page = |path: &str| format!("{url}{path}").parse().ok();
    let mut settings = Settings::default();
    settings.webhook_url = page("/webhooks");
    settings.handled_url = page("/handled");
    settings.health_url = page("/healthz");
    settings.scan = Some(place.data.display().to_string());
    settings.start = Some(integration.shell_command(&place));
    if is_whole {
        let replica = Place {
            port: port::free(),
            ..place.clone()
        };
        settings.connect_url = page("/connect");
        settings.read_url = Some(format!("{url}/participants?event_id={{event_id}}"));
        settings.login_url = Some(format!("{url}/login?event_id={{event_id}}"));
        settings.me_url = page("/me");
        settings.webview_url = page("/webview");
        let replica_url = format!("http://localhost:{}", replica.port);
        settings.replicas = replica_url.parse().into_iter().collect();
        settings.start = Some(format!(
            "({}) & {}",
            integration.shell_command(&replica),
            integration.shell_command(&place)
        ));
    }
    Doctor::new(settings).unwrap().run(&mut ()).await.unwrap()
}

/// What is not as it should be. A check that needs what a receiver of webhooks does not have is not done.
fn findings(language: Language, report: &Report) -> Vec<String> {
    let mut findings = Vec::new();
    let mut passed = 0;
    for result in &report.results {
        let what = match &result.outcome {
            Outcome::Passed => {
                passed += 1;
                continue;
            }
            Outcome::NotChecked { missing, .. } if missing.is_empty() || !language.is_whole() => continue,
            Outcome::Failed { expected, got } => format!("expected {expected}; got {got}"),
            other => format!("{other:?}"),
        };
        findings.push(format!("{}: {}: {what}", language.folder(), result.check.id));
    }
    let least = if language.is_whole() { 90 } else { 60 };
    if passed < least {
        findings.push(format!("{}: only {passed} checks were done", language.folder()));
    }
    findings
}

fn place(folder: &Path) -> Place {
    let port = port::free();
    Place {
        port,
        base_url: format!("http://localhost:{port}"),
        data: folder.join("data"),
    }
}
