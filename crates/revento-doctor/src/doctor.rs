//! The examination: from the settings to a report.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use revento_sandbox::{Sandbox, SandboxInfo};
use url::Url;

use crate::check::{Check, Framework, Need};
use crate::checks::{catalogue, check_names};
use crate::error::{Cause, DoctorError};
use crate::exam::{Exam, Problem};
use crate::exchange::Direction;
use crate::framework;
use crate::integration::{Browser, Integration, redirect};
use crate::observer::Observer;
use crate::plan::{self, Plan, PlannedCheck};
use crate::platform::Platform;
use crate::platform::world::MAIN_EVENT;
use crate::primitives::{now, unix_now};
use crate::report::{CheckResult, Outcome, Report};
use crate::settings::{self, Settings, Skip};
use crate::similar::question;
use crate::text;

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
        settings.chosen()?;
        if settings.connect_url.is_none() && settings.webhook_url.is_none() {
            let text = "the doctor has to know the connect page or the webhook receiver of the integration: give --connect-url, --webhook-url or both";
            return Err(Cause::Settings(text.to_owned()).into());
        }
        Ok(Self { settings })
    }

    /// What an examination is going to do.
    pub fn plan(&self) -> Plan {
        let planned = |check: &'static Check| PlannedCheck {
            check,
            skipped: self.skipped(check).map(|skip| skip.because.clone()),
            missing: self.missing(check),
        };
        Plan {
            // The names are known since `new`.
            checks: self
                .settings
                .chosen()
                .unwrap_or_default()
                .into_iter()
                .map(planned)
                .collect(),
        }
    }

    fn skipped(&self, check: &Check) -> Option<&Skip> {
        let mut skips = self.settings.skip.iter();
        skips.find(|skip| skip.id == check.id || skip.id == check.family.name())
    }

    fn missing(&self, check: &Check) -> Vec<Need> {
        self.missing_of(check.needs)
    }

    /// Those that the settings do not tell.
    fn missing_of(&self, needs: &[Need]) -> Vec<Need> {
        let missing = |need: &Need| !self.settings.tells(*need);
        needs.iter().copied().filter(missing).collect()
    }

    /// Examines the integration. With the same seed, the order and the random choices are the same.
    ///
    /// # Errors
    /// If the platform cannot run here, or the integration cannot be started or does not answer. Nothing is judged then.
    pub async fn run(&self, observer: &mut dyn Observer) -> Result<Report, DoctorError> {
        let began = now();
        let began_at = jiff::Timestamp::from_second(i64::try_from(unix_now().as_secs()).unwrap_or_default());
        observer.planned(&self.plan());
        let mut exam = self.prepare(observer).await?;
        let results = self.examine_all(&mut exam, observer).await;
        exam.integration.kill().await;
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
        let planned = self.plan().checks;
        let checks: Vec<_> = planned.iter().map(|planned| planned.check).collect();
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
        let address = settings.listen.unwrap_or_else(any_port);
        let listener = TcpListener::bind(address).map_err(|error| Cause::AddressTaken { address, error })?;
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
        let variables = variables(platform.info());
        observer.ready(&variables, &platform.info().console_url);
        let mut integration = Integration::new(settings.clone(), variables);
        integration.start().await?;
        let mut exam = Exam::new(platform, integration);
        exam.framework = framework::probe(&exam.integration).await;
        if settings.redirect_uris.is_empty() {
            let learned = learned_redirect_uris(&exam.integration).await;
            if learned.iter().any(|uri| !redirect_uris.contains(uri)) {
                exam.platform.stop().await;
                exam.platform = self.platform(again, &learned).await?;
            }
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
            settings.public_url.as_ref(),
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
        let skip = self.skipped(check);
        let missing = self.missing(check);
        let outcome = match skip {
            Some(skip) => Outcome::Skipped {
                because: skip.because.clone(),
            },
            None if !missing.is_empty() => {
                let options: Vec<&str> = missing.iter().map(|need| need.option()).collect();
                Outcome::NotChecked {
                    reason: format!("give {}", options.join(" and ")),
                    missing,
                }
            }
            None => match tokio::time::timeout(CHECK_TIMEOUT, (check.run)(exam)).await {
                Ok(Ok(())) => Outcome::Passed,
                Ok(Err(Problem::Flaw { expected, got })) => Outcome::Failed { expected, got },
                Ok(Err(Problem::NotChecked(reason))) => Outcome::NotChecked {
                    missing: self.missing_of(&plan::named(&reason)),
                    reason,
                },
                Ok(Err(Problem::Untestable(reason))) => Outcome::Untestable { reason },
                Err(_) => Outcome::Untestable {
                    reason: format!("the check did not end within {} s", CHECK_TIMEOUT.as_secs()),
                },
            },
        };
        let evidence = std::mem::take(&mut exam.evidence);
        if exam.framework.is_none() {
            exam.framework = evidence
                .iter()
                .filter(|exchange| exchange.direction == Direction::ToIntegration)
                .find_map(framework::recognise);
        }
        let mend = matches!(outcome, Outcome::Failed { .. }).then(|| advice(check, exam.framework));
        let mut result = CheckResult {
            check,
            outcome,
            mend,
            evidence,
            duration: began.elapsed(),
        };
        result.redact(&exam.platform.secrets().all());
        result
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

impl Settings {
    /// The checks that `only` chooses, in their order.
    ///
    /// # Errors
    /// If `only` or `skip` names a check that does not exist.
    pub fn chosen(&self) -> Result<Vec<&'static Check>, DoctorError> {
        let names = check_names();
        for name in self.only.iter().chain(self.skip.iter().map(|skip| &skip.id)) {
            if !names.contains(&name.as_str()) {
                let question = question(name, names);
                let name = text::line(name);
                let text = format!(
                    "there is no check and no family `{name}`{question}\n`revento doctor --list` lists them"
                );
                return Err(Cause::Settings(text).into());
            }
        }
        let is_chosen = |check: &&Check| {
            let named = |name: &String| name == check.id || name == check.family.name();
            self.only.is_empty() || self.only.iter().any(named)
        };
        Ok(catalogue().filter(is_chosen).collect())
    }

    /// The variables that the integration has to be started with, without an examination. They are those of a later examination only
    /// if the settings name the address to listen on, with a port.
    ///
    /// # Errors
    /// If the platform cannot run here.
    pub async fn variables(&self) -> Result<Vec<(String, String)>, DoctorError> {
        let address = self.listen.unwrap_or_else(any_port);
        let base = settings::base(self.public_url.as_ref(), address);
        let sandbox = Sandbox::builder()
            .public_url(base)
            .redirect_uri("http://localhost/callback");
        let sandbox = sandbox.start().await.map_err(Cause::Platform)?;
        let variables = variables(sandbox.info());
        sandbox.shutdown().await;
        Ok(variables)
    }
}

/// The variables of the integration under test.
fn variables(info: &SandboxInfo) -> Vec<(String, String)> {
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

/// The redirect URIs that the pages send which begin a flow.
async fn learned_redirect_uris(integration: &Integration) -> Vec<String> {
    let pages = [
        integration.connect_url(MAIN_EVENT),
        integration.login_url(MAIN_EVENT),
        integration.settings.webview_url.clone(),
    ];
    let mut uris = Vec::new();
    for url in pages.into_iter().flatten() {
        let exchanges = Browser::default().follow(&url).await;
        let request = exchanges.last().and_then(redirect);
        let uri = request.and_then(|request: Url| {
            let mut pairs = request.query_pairs();
            Some(pairs.find(|(name, _)| name == "redirect_uri")?.1.into_owned())
        });
        if let Some(uri) = uri
            && !uris.contains(&uri)
        {
            uris.push(uri);
        }
    }
    uris
}

/// How to mend an integration that fails the check.
fn advice(check: &Check, framework: Option<Framework>) -> String {
    let hint = framework.and_then(|framework| check.hints.iter().find(|(of, _)| *of == framework));
    match hint {
        Some((_, hint)) => format!("{}. {hint}", check.mend.trim_end_matches('.')),
        None => check.mend.to_owned(),
    }
}
