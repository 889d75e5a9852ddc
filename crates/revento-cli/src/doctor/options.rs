//! The options of `revento doctor`. Each is a key of `revento-doctor.toml` too, and a flag wins.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use revento::types::text::printable;
use revento_doctor::{
    Settings,
    settings::{Skip, value},
};
use url::Url;

use super::failure::{Failure, usage};

/// The file of the current folder that is read without `--config`.
const FILE: &str = "revento-doctor.toml";
/// Where the platform listens if the doctor does not start the integration, so that the variables are the same each time. The
/// sandbox listens on 4010 and the ports after it.
pub(crate) const PORT: u16 = 4040;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What the doctor is told of the integration")]
pub(crate) struct Integration {
    /// The page that begins a connection. The doctor adds `event_id`.
    #[arg(long, value_name = "URL", value_parser = value::page)]
    connect_url: Option<Url>,
    /// The webhook receiver.
    #[arg(long, value_name = "URL", value_parser = value::page)]
    webhook_url: Option<Url>,
    /// A page that makes the integration read the participants of {event_id} now, and names their ids.
    #[arg(long, value_name = "URL", value_parser = value::page_of_event)]
    read_url: Option<String>,
    /// A page that lists the handled webhooks by the `id` of their envelopes.
    #[arg(long, value_name = "URL", value_parser = value::page)]
    handled_url: Option<Url>,
    /// The page that begins Login with Revento for {event_id}.
    #[arg(long, value_name = "URL", value_parser = value::page_of_event)]
    login_url: Option<String>,
    /// A page that reads /me for the participant who is signed in.
    #[arg(long, value_name = "URL", value_parser = value::page)]
    me_url: Option<Url>,
    /// A page that the platform shows in a frame.
    #[arg(long, value_name = "URL", value_parser = value::page)]
    webview_url: Option<Url>,
    /// A page that says whether the integration is up.
    #[arg(long, value_name = "URL", value_parser = value::page)]
    health_url: Option<Url>,
    /// Register this redirect URI. By default the one that the connect page sends. Repeatable.
    #[arg(
        long = "redirect-uris",
        alias = "redirect-uri",
        value_name = "URI",
        value_delimiter = ','
    )]
    redirect_uris: Vec<String>,
    /// The command that starts the integration, for `sh -c`. The doctor sets the variables, and kills and restarts it.
    #[arg(long, value_name = "CMD")]
    start: Option<String>,
    /// Base URLs of further replicas that share the database.
    #[arg(long, value_name = "URL", value_delimiter = ',', value_parser = value::page)]
    replicas: Vec<Url>,
    /// Where the integration stores data: a file, a folder, or a command that dumps the database.
    #[arg(long, value_name = "PATH|CMD")]
    scan: Option<String>,
    /// The log file of the integration. By default the output of --start.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What the doctor does")]
pub(crate) struct Examination {
    /// Read the options from this file. By default revento-doctor.toml of the current folder, if it exists.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Run only these checks or families.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// Do not run this check or family. Each --skip needs its --because. Repeatable.
    #[arg(long, value_name = "ID", requires = "because")]
    skip: Vec<String>,
    /// Why the check is skipped. The report shows it.
    #[arg(long, value_name = "REASON", requires = "skip")]
    because: Vec<String>,
    /// Where the doctor's platform listens. By default on a free port with --start, else on localhost:4040.
    #[arg(long, value_name = "ADDR", value_parser = value::listen)]
    listen: Option<SocketAddr>,
    /// The URL by which the integration reaches the doctor's platform, if it differs from the address: from a container.
    #[arg(long, value_name = "URL", value_parser = value::page)]
    public_url: Option<Url>,
    /// Random choices derive from this number: the same seed gives the same examination.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// How long to wait for something that has to happen, such as a webhook that is handled. [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    patience: Option<Duration>,
    /// How long to look for something that must not happen, such as a second refresh. [default: 400ms]
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    quiet_time: Option<Duration>,
    /// How long the integration may take to start. [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    start_timeout: Option<Duration>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct Reports {
    /// Print the report as JSON instead of lines.
    #[arg(long)]
    json: bool,
    /// Write the report as JUnit XML, for Jenkins, GitLab and others.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write the report as SARIF 2.1.0, for code scanning.
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// Write the report as one HTML page with all evidence.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a badge, an SVG picture.
    #[arg(long, value_name = "FILE")]
    badge: Option<PathBuf>,
    /// Print annotations for GitHub, and write its step summary.
    #[arg(long)]
    ci: bool,
}

/// The settings: the file, and the flags over it.
pub(crate) fn settings(
    integration: Integration,
    examination: Examination,
    reports: Reports,
) -> Result<Settings, Failure> {
    let mut settings = from_file(examination.config.as_deref())?;
    integration.apply(&mut settings);
    examination.apply(&mut settings)?;
    reports.apply(&mut settings);
    if settings.listen.is_none() && settings.start.is_none() {
        settings.listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)));
    }
    Ok(settings)
}

fn from_file(given: Option<&Path>) -> Result<Settings, Failure> {
    let path = given.unwrap_or(Path::new(FILE));
    let name = path.display().to_string();
    let name = printable(&name);
    match fs::read_to_string(path) {
        Ok(source) => Settings::from_toml(&source).map_err(|error| usage(format!("{name}, {error}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && given.is_none() => {
            Ok(Settings::default())
        }
        Err(error) => Err(usage(format!("{name} cannot be read: {error}"))),
    }
}

/// Replaces a value that is given.
fn set<T>(target: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *target = given;
    }
}

/// Replaces a list that is given.
fn set_all<T>(target: &mut Vec<T>, given: Vec<T>) {
    if !given.is_empty() {
        *target = given;
    }
}

impl Integration {
    fn apply(self, settings: &mut Settings) {
        set(&mut settings.connect_url, self.connect_url);
        set(&mut settings.webhook_url, self.webhook_url);
        set(&mut settings.read_url, self.read_url);
        set(&mut settings.handled_url, self.handled_url);
        set(&mut settings.login_url, self.login_url);
        set(&mut settings.me_url, self.me_url);
        set(&mut settings.webview_url, self.webview_url);
        set(&mut settings.health_url, self.health_url);
        set_all(&mut settings.redirect_uris, self.redirect_uris);
        set(&mut settings.start, self.start);
        set_all(&mut settings.replicas, self.replicas);
        set(&mut settings.scan, self.scan);
        set(&mut settings.log, self.log);
    }
}

impl Examination {
    /// Skips of the command line are added to those of the file.
    fn apply(self, settings: &mut Settings) -> Result<(), Failure> {
        if self.skip.len() != self.because.len() {
            return Err(usage(format!(
                "there are {} --skip and {} --because; give each --skip its own --because \"…\", in the same order",
                self.skip.len(),
                self.because.len()
            )));
        }
        for (id, because) in self.skip.into_iter().zip(self.because) {
            if because.trim().is_empty() {
                return Err(usage(format!(
                    "--because of {} is empty; say why the check is skipped",
                    printable(&id)
                )));
            }
            settings.skip.push(Skip { id, because });
        }
        set_all(&mut settings.only, self.only);
        set(&mut settings.listen, self.listen);
        set(&mut settings.public_url, self.public_url);
        settings.seed = self.seed.unwrap_or(settings.seed);
        settings.patience = self.patience.unwrap_or(settings.patience);
        settings.quiet = self.quiet_time.unwrap_or(settings.quiet);
        settings.start_timeout = self.start_timeout.unwrap_or(settings.start_timeout);
        Ok(())
    }
}

impl Reports {
    fn apply(self, settings: &mut Settings) {
        settings.json |= self.json;
        settings.ci |= self.ci;
        set(&mut settings.junit, self.junit);
        set(&mut settings.sarif, self.sarif);
        set(&mut settings.html, self.html);
        set(&mut settings.badge, self.badge);
    }
}
