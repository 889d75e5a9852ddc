//! The examination: from the settings to a report.

use std::net::TcpListener;
use std::time::Duration;

use url::Url;

use crate::check::{Check, Framework, Need};
use crate::checks::catalogue;
use crate::error::{Cause, DoctorError};
use crate::exam::{Exam, Problem};
use crate::exchange::Exchange;
use crate::integration::{Browser, Integration, redirect};
use crate::observer::Observer;
use crate::platform::Platform;
use crate::platform::world::MAIN_EVENT;
use crate::primitives::{now, unix_now};
use crate::report::{CheckResult, Outcome, Report};
use crate::settings::Settings;

/// Longer than any check takes. A check that hangs is untestable.
const CHECK_TIMEOUT: Duration = Duration::from_secs(120);

/// Examines an integration.
#[derive(Debug)]
pub struct Doctor {
    settings: Settings,
}

impl Doctor {
    /// Takes the settings.
    ///
    /// # Errors
    /// If they name a check that does not exist, or nothing is known of the integration.
    pub fn new(settings: Settings) -> Result<Self, DoctorError> {
        let named = settings
            .only
            .iter()
            .chain(settings.skip.iter().map(|skip| &skip.id));
        for name in named {
            if !catalogue().any(|check| check.id == name || check.family.name() == name) {
                return Err(Cause::Settings(unknown(name)).into());
            }
        }
        if settings.connect_url.is_none() && settings.webhook_url.is_none() {
            let text = "the doctor has to know the connect page or the webhook receiver of the integration: give --connect-url, --webhook-url or both";
            return Err(Cause::Settings(text.to_owned()).into());
        }
        Ok(Self { settings })
    }

    /// The checks that these settings choose, in their order.
    fn chosen(&self) -> Vec<&'static Check> {
        let only = &self.settings.only;
        let chosen = |check: &&Check| {
            only.is_empty()
                || only
                    .iter()
                    .any(|name| name == check.id || name == check.family.name())
        };
        catalogue().filter(chosen).collect()
    }

    /// Examines the integration. With the same seed, the order and the random choices are the same.
    ///
    /// # Errors
    /// If the platform cannot run here, or the integration cannot be started or does not answer. Nothing is judged then.
    pub async fn run(&self, observer: &mut dyn Observer) -> Result<Report, DoctorError> {
        let began = now();
        let began_at = jiff::Timestamp::from_second(i64::try_from(unix_now().as_secs()).unwrap_or_default());
        let mut exam = self.prepare(observer).await?;
        let mut results = self.examine_all(&mut exam, observer).await;
        exam.integration.kill().await;
        let secrets = exam.platform.secrets().all();
        for exchange in results.iter_mut().flat_map(|result| &mut result.evidence) {
            exchange.redact(&secrets);
        }
        Ok(Report {
            doctor_version: env!("CARGO_PKG_VERSION"),
            began_at: began_at.map(|at| at.to_string()).unwrap_or_default(),
            duration: began.elapsed(),
            seed: self.settings.seed,
            framework: exam.framework,
            results,
        })
    }

    /// Does the chosen checks. Those that wait for something are done again at the end, when it may have happened.
    async fn examine_all(&self, exam: &mut Exam, observer: &mut dyn Observer) -> Vec<CheckResult> {
        let checks = self.chosen();
        let mut results = Vec::new();
        let mut waiting = Vec::new();
        for (index, check) in checks.iter().copied().enumerate() {
            observer.begun(check, index + 1, checks.len());
            let result = self.examine(exam, check).await;
            if exam.asked_for_time() {
                waiting.push((index, check));
            } else {
                observer.finished(&result);
            }
            results.push(result);
        }
        exam.at_end = true;
        for (index, check) in waiting {
            observer.begun(check, index + 1, checks.len());
            let result = self.examine(exam, check).await;
            observer.finished(&result);
            if let Some(place) = results.get_mut(index) {
                *place = result;
            }
        }
        results
    }

    /// Starts the platform and the integration.
    async fn prepare(&self, observer: &mut dyn Observer) -> Result<Exam, DoctorError> {
        let settings = &self.settings;
        let listener = TcpListener::bind(settings.listen)
            .map_err(|error| Cause::Machine("the doctor cannot listen on its address", error))?;
        let again = listener
            .try_clone()
            .map_err(|error| Cause::Machine("the doctor cannot listen on its address", error))?;
        let mut redirect_uris = settings.redirect_uris.clone();
        if redirect_uris.is_empty()
            && let Some(url) = &settings.connect_url
            && let Ok(callback) = url.join("/callback")
        {
            redirect_uris.push(callback.to_string());
        }
        let platform = self.platform(listener, &redirect_uris).await?;
        let variables = variables(&platform);
        observer.ready(&variables, &platform.info().console_url);
        let mut integration = Integration::new(settings.clone(), variables);
        integration.start().await?;
        let mut exam = Exam::new(platform, integration);
        if settings.redirect_uris.is_empty()
            && let Some(uri) = learned_redirect_uri(&mut exam).await
            && !redirect_uris.contains(&uri)
        {
            exam.platform.stop().await;
            exam.platform = self.platform(again, &[uri]).await?;
        }
        Ok(exam)
    }

    async fn platform(
        &self,
        listener: TcpListener,
        redirect_uris: &[String],
    ) -> Result<Platform, DoctorError> {
        let settings = &self.settings;
        let connect_url = settings.connect_url.as_ref();
        Platform::start(
            listener,
            settings.seed,
            redirect_uris,
            settings.webhook_url.clone(),
            connect_url,
        )
        .await
    }

    async fn examine(&self, exam: &mut Exam, check: &'static Check) -> CheckResult {
        let began = now();
        exam.evidence.clear();
        let skip = self
            .settings
            .skip
            .iter()
            .find(|skip| skip.id == check.id || skip.id == check.family.name());
        let missing: Vec<&str> = check
            .needs
            .iter()
            .copied()
            .filter(|need| !exam.integration.has(*need))
            .map(Need::option)
            .collect();
        let outcome = match skip {
            Some(skip) => Outcome::Skipped {
                because: skip.because.clone(),
            },
            None if !missing.is_empty() => Outcome::NotChecked {
                reason: format!("give {}", missing.join(" and ")),
            },
            None => match tokio::time::timeout(CHECK_TIMEOUT, (check.run)(exam)).await {
                Ok(Ok(())) => Outcome::Passed,
                Ok(Err(Problem::Flaw { expected, got })) => Outcome::Failed { expected, got },
                Ok(Err(Problem::NotChecked(reason))) => Outcome::NotChecked { reason },
                Ok(Err(Problem::Untestable(reason))) => Outcome::Untestable { reason },
                Err(_) => Outcome::Untestable {
                    reason: format!("the check did not end within {} s", CHECK_TIMEOUT.as_secs()),
                },
            },
        };
        let evidence = std::mem::take(&mut exam.evidence);
        if exam.framework.is_none() {
            exam.framework = evidence.iter().find_map(recognised);
        }
        let mend = matches!(outcome, Outcome::Failed { .. }).then(|| advice(check, exam.framework));
        CheckResult {
            check,
            outcome,
            mend,
            evidence,
            duration: began.elapsed(),
        }
    }
}

/// The variables of the integration under test.
fn variables(platform: &Platform) -> Vec<(String, String)> {
    let info = platform.info();
    [
        ("REVENTO_AUTH_BASE", info.auth_base.as_str()),
        ("REVENTO_API_BASE", &info.api_base),
        ("REVENTO_CLIENT_ID", &info.client_id),
        ("REVENTO_CLIENT_SECRET", &info.client_secret),
        ("REVENTO_WEBHOOK_SECRET", &info.webhook_secret),
        ("REVENTO_EVENT_ID", MAIN_EVENT),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// The redirect URI that the connect page sends.
async fn learned_redirect_uri(exam: &mut Exam) -> Option<String> {
    let url = exam.integration.connect_url(MAIN_EVENT)?;
    let exchanges = Browser::default().follow(&url).await;
    let request: Url = redirect(exchanges.last()?)?;
    let uri = request.query_pairs().find(|(name, _)| name == "redirect_uri")?;
    Some(uri.1.into_owned())
}

/// How to mend an integration that fails the check.
fn advice(check: &Check, framework: Option<Framework>) -> String {
    let hint = framework.and_then(|framework| check.hints.iter().find(|(of, _)| *of == framework));
    match hint {
        Some((_, hint)) => format!("{}. {hint}", check.mend.trim_end_matches('.')),
        None => check.mend.to_owned(),
    }
}

/// The framework that an answer gives away.
fn recognised(exchange: &Exchange) -> Option<Framework> {
    let powered_by = exchange
        .response_header("x-powered-by")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let server = exchange
        .response_header("server")
        .unwrap_or_default()
        .to_ascii_lowercase();
    let signs = [
        (powered_by.contains("express"), Framework::Express),
        (
            powered_by.contains("php") || server.contains("php"),
            Framework::Php,
        ),
        (
            server.contains("werkzeug") || server.contains("gunicorn"),
            Framework::Flask,
        ),
        (
            server.contains("uvicorn") || server.contains("hypercorn"),
            Framework::FastApi,
        ),
        (server.contains("wsgiserver"), Framework::Django),
        (
            server.contains("jetty") || server.contains("tomcat") || server.contains("javalin"),
            Framework::Java,
        ),
        (
            server.contains("puma") || server.contains("webrick"),
            Framework::Ruby,
        ),
    ];
    signs
        .into_iter()
        .find(|(seen, _)| *seen)
        .map(|(_, framework)| framework)
}

fn unknown(name: &str) -> String {
    let similar: Vec<&str> = catalogue()
        .map(|check| check.id)
        .filter(|id| name.split('-').any(|part| part.len() > 3 && id.contains(part)))
        .take(5)
        .collect();
    let hint = if similar.is_empty() {
        String::new()
    } else {
        format!(" Similar: {}.", similar.join(", "))
    };
    format!("there is no check and no family `{name}`.{hint} `revento doctor --list` lists all")
}
