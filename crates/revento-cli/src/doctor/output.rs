//! Writes the files of the report, and what a CI system reads.

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use revento::types::text::printable;
use revento_doctor::{Report, Settings};
use uuid::Uuid;

use super::{
    failure::{Failure, not_tested, usage},
    paint::print,
};

/// The file to which GitHub wants the summary of a step appended.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

type Format = fn(&Report) -> String;

/// The files that the settings ask for.
fn files(settings: &Settings) -> Vec<(&'static str, &Path, Format)> {
    let all: [(_, &Option<PathBuf>, Format); 4] = [
        ("--junit", &settings.junit, Report::to_junit),
        ("--sarif", &settings.sarif, Report::to_sarif),
        ("--html", &settings.html, Report::to_html),
        ("--badge", &settings.badge, Report::to_badge),
    ];
    all.into_iter()
        .filter_map(|(option, path, format)| Some((option, path.as_deref()?, format)))
        .collect()
}

/// Fails before the examination, and not after it, if a file cannot be written.
pub(crate) fn check_places(settings: &Settings) -> Result<(), Failure> {
    for (option, path, _) in files(settings) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            return Err(usage(format!(
                "{option} {}: the folder does not exist",
                shown(path)
            )));
        }
        if path.is_dir() {
            return Err(usage(format!(
                "{option} {} is a folder; name a file in it",
                shown(path)
            )));
        }
    }
    Ok(())
}

/// Writes the files, and with `--ci` the annotations and the summary of the step.
pub(crate) fn write(report: &Report, settings: &Settings) -> Result<(), Failure> {
    for (option, path, format) in files(settings) {
        fs::write(path, format(report))
            .map_err(|error| not_tested(format!("{option} {} cannot be written: {error}", shown(path))))?;
    }
    if settings.ci {
        annotate(report, settings)?;
    }
    Ok(())
}

fn annotate(report: &Report, settings: &Settings) -> Result<(), Failure> {
    let annotations = report.to_github_annotations();
    for line in annotations.lines() {
        // GitHub reads both streams. Standard output is for the JSON, if there is one.
        if settings.json {
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        } else {
            print(line);
        }
    }
    let Some(path) = env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let appended = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(report.to_github_summary().as_bytes()));
    appended.map_err(|error| {
        not_tested(format!(
            "the file of {STEP_SUMMARY}, {}, cannot be written: {error}",
            shown(Path::new(&path))
        ))
    })
}

/// While it lives, GitHub runs no commands that it finds in the output: text of the integration is in it.
pub(crate) struct CommandGuard {
    token: Option<String>,
}

impl CommandGuard {
    pub(crate) fn begin(settings: &Settings) -> Self {
        // No line of the JSON begins with a command, because strings in it have no line breaks.
        let token = (settings.ci && !settings.json).then(token);
        if let Some(token) = &token {
            print(&format!("::stop-commands::{token}"));
        }
        Self { token }
    }
}

impl Drop for CommandGuard {
    fn drop(&mut self) {
        if let Some(token) = &self.token {
            print(&format!("::{token}::"));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "nobody may guess the token")]
fn token() -> String {
    Uuid::new_v4().to_string()
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string()).whole().to_string()
}
