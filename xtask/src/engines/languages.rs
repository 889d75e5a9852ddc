//! Languages and tools whose programs and libraries are Debian packages: no servers.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::programs::require;
use super::{Engine, Engines, Running};
use crate::process;

/// A language or a tool. Its variables are the paths of its programs and files.
#[derive(Debug)]
pub(super) struct Language {
    name: &'static str,
    packages: &'static [&'static str],
    variables: &'static [&'static str],
    /// The programs of the first variables.
    programs: &'static [&'static str],
    /// The files of the other variables.
    files: &'static [&'static str],
    /// Arguments for the first program that fail if the version is too old or a library is missing.
    probe: &'static [&'static str],
}

pub(super) const GO: Language = Language {
    name: "Go",
    packages: &["golang-go"],
    variables: &["REVENTO_TEST_GO"],
    programs: &["go"],
    files: &[],
    probe: &["version"],
};

pub(super) const JAVA: Language = Language {
    name: "Java",
    packages: &["default-jdk-headless", "libgoogle-gson-java"],
    variables: &["REVENTO_TEST_JAVA", "REVENTO_TEST_JAVAC", "REVENTO_TEST_GSON"],
    programs: &["java", "javac"],
    files: &["/usr/share/java/gson.jar"],
    probe: &["-version"],
};

pub(super) const PHP: Language = Language {
    name: "PHP",
    packages: &["php-cli", "php-sqlite3"],
    variables: &["REVENTO_TEST_PHP"],
    programs: &["php"],
    files: &[],
    probe: &[
        "-r",
        "exit(PHP_VERSION_ID >= 80100 && extension_loaded('pdo_sqlite') ? 0 : 1);",
    ],
};

pub(super) const RUBY: Language = Language {
    name: "Ruby",
    packages: &["ruby", "puma", "ruby-rack", "ruby-sqlite3"],
    variables: &["REVENTO_TEST_RUBY", "REVENTO_TEST_PUMA"],
    programs: &["ruby", "puma"],
    files: &[],
    probe: &[
        "-e",
        "require 'puma'; require 'rack'; require 'sqlite3'; require 'openssl'",
    ],
};

pub(super) const PROMETHEUS: Language = Language {
    name: "Prometheus",
    packages: &["prometheus"],
    variables: &["REVENTO_TEST_PROMETHEUS", "REVENTO_TEST_PROMTOOL"],
    programs: &["prometheus", "promtool"],
    files: &[],
    probe: &["--version"],
};

impl Engine for Language {
    fn name(&self) -> &'static str {
        self.name
    }

    fn packages(&self) -> &'static [&'static str] {
        self.packages
    }

    fn variables(&self) -> &'static [&'static str] {
        self.variables
    }

    fn installed(&self) -> Result<(), String> {
        let paths = self.paths()?;
        let program = paths.first().ok_or("it has no program")?;
        let probed = process::stdout(Command::new(program).args(self.probe));
        probed.map(drop).map_err(|error| {
            let reason = process::tail(&error.to_string(), 1);
            format!("{program} is too old, or lacks a library: {reason}")
        })
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        Ok(Running {
            values: self.paths().map_err(anyhow::Error::msg)?,
            servers: Vec::new(),
        })
    }
}

impl Language {
    fn paths(&self) -> Result<Vec<String>, String> {
        let programs = self.programs.iter().map(|name| {
            let path = require(&[*name])?;
            Ok(path.to_string_lossy().into_owned())
        });
        let files = self.files.iter().map(|path| match Path::new(path).is_file() {
            true => Ok((*path).to_owned()),
            false => Err(format!("{path} not found")),
        });
        programs.chain(files).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_has_a_program_or_a_file() {
        for language in [GO, JAVA, PHP, RUBY, PROMETHEUS] {
            let named = language.programs.len() + language.files.len();
            assert_eq!(language.variables.len(), named, "{}", language.name);
        }
    }
}
