//! Reads a scenario, and checks all of it before anything happens.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use revento::types::text::printable;
use serde::Deserialize;
use toml::Spanned;

use super::{
    data_file,
    step::{Step, Written},
};

const MAX_BYTES: u64 = 1024 * 1024;
const MAX_STEPS: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    description: String,
    event: Option<String>,
    #[serde(default)]
    connect: bool,
    #[serde(default)]
    step: Vec<Spanned<Written>>,
}

/// A scenario.
#[derive(Debug)]
pub(crate) struct Scenario {
    description: String,
    event: Option<String>,
    connect: bool,
    pub(super) steps: Vec<Step>,
}

impl Scenario {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot read {name}"))?;
        let mut text = String::new();
        file.take(MAX_BYTES + 1)
            .read_to_string(&mut text)
            .with_context(|| format!("cannot read {name}"))?;
        if u64::try_from(text.len()).is_ok_and(|length| length > MAX_BYTES) {
            bail!("{name} is larger than one mebibyte");
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        Self::parse(&text, &name, Some(&folder))
    }

    /// Reads a scenario that may name files in a folder.
    pub(crate) fn parse(text: &str, name: &str, folder: Option<&Path>) -> Result<Self> {
        let at = |line: usize| format!("{}, line {line}", printable(name));
        let document: Document = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            anyhow::anyhow!("{}: {}", at(line), printable(error.message()).whole())
        })?;
        if document.step.len() > MAX_STEPS {
            bail!("{name} has more than {MAX_STEPS} steps");
        }
        if document.step.is_empty() {
            bail!("{name} has no step: write [[step]] and, for example, trigger = \"application.approved\"");
        }
        let mut steps = Vec::new();
        for written in document.step {
            let line = line_of(text, written.span().start);
            let step = written
                .into_inner()
                .check()
                .and_then(|step| step.with_data(folder));
            steps.push(step.with_context(|| at(line))?);
        }
        Ok(Self {
            description: document.description,
            event: document.event,
            connect: document.connect,
            steps,
        })
    }

    pub(crate) fn description(&self) -> &str {
        &self.description
    }

    pub(crate) fn event(&self) -> Option<&str> {
        self.event.as_deref()
    }

    /// Whether it connects the event first.
    pub(super) fn connects(&self) -> bool {
        self.connect
    }
}

impl Step {
    /// Reads the data file of a test delivery.
    fn with_data(mut self, folder: Option<&Path>) -> Result<Self> {
        if let Self::Test {
            body,
            data_file: named,
            ..
        } = &mut self
            && let Some(file) = named.take()
        {
            let folder = folder.context("a built-in scenario names no files")?;
            body.insert("data".to_owned(), data_file::read(folder, &file)?.into());
        }
        Ok(self)
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let error = Scenario::parse(text, "s.toml", None).unwrap_err();
        format!("{error:#}")
    }

    #[test]
    fn l12_a_mistake_is_answered_with_its_line_and_the_valid_names() {
        for (text, parts) in [
            (
                "[[step]]\ntrigger = \"application.aproved\"",
                &["line 1", "application.approved", "integration.suspended"][..],
            ),
            (
                "\n\n[[step]]\ntriger = \"x\"",
                &["line 4", "`trigger`", "`drain`"],
            ),
            (
                "[[step]]\nwait = \"1s\"\ntrigger = \"event.published\"",
                &["one thing", "trigger and wait"],
            ),
            ("[[step]]\ncount = 1", &["trigger, test, wait, fault"]),
            ("[[step]]\nwait = \"soon\"", &["line 1", "30s"]),
            ("[[step]]\nwait = \"2h\"", &["advance"]),
            (
                "[[step]]\nwait = \"1s\"\nrate = \"1/s\"",
                &["rate is no option of wait"],
            ),
            (
                "[[step]]\ntrigger = \"event.published\"\nrate = \"fast\"",
                &["10/s"],
            ),
            (
                "[[step]]\ntrigger = \"event.published\"\ncount = 0",
                &["1 to 10000"],
            ),
            (
                "[[step]]\ntrigger = \"application.approved\"\nset = { \"data.x\" = 1 }",
                &["data.custom_form_fields"],
            ),
            ("[[step]]\nreplay = \"lost\"", &["dead"]),
            (
                "[[step]]\nadvance_to = \"retry\"\nside = \"left\"",
                &["before or after"],
            ),
            (
                "[[step]]\nfault = \"delivery_dropped\"\ntimes = 1\nunlimited = true",
                &["exclude"],
            ),
            ("[[step]]\ndrain = false", &["leave the step out"]),
            (
                "[[step]]\ntest = \"event.published\"\ndata_file = \"x.json\"",
                &["built-in"],
            ),
            ("step = 1", &["line 1"]),
            (
                "include = \"/etc/passwd\"\n[[step]]\nwait=\"1s\"",
                &["unknown field `include`"],
            ),
            ("description = \"x\"", &["no step"]),
            ("[[step", &["line 1"]),
        ] {
            let error = error(text);
            for part in parts {
                assert!(error.contains(part), "{part} is not in {error}");
            }
            assert!(error.starts_with("s.toml"), "{error}");
        }
    }
}
