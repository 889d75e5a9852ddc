//! The signing secrets on the command line.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};

/// A secret is better given in the environment or in a file: other users of a machine can see command lines.
#[derive(Debug, clap::Args)]
pub(crate) struct SecretArguments {
    /// The webhook signing secret. During a rotation give the option twice.
    #[arg(
        long,
        value_name = "SECRET",
        env = "REVENTO_WEBHOOK_SECRET",
        hide_env_values = true
    )]
    secret: Vec<String>,
    /// A file that contains a signing secret. A line break at its end does not count.
    #[arg(long, value_name = "FILE")]
    secret_file: Vec<PathBuf>,
}

impl SecretArguments {
    /// All secrets, in the order of the command line; at least one.
    pub(crate) fn read(&self) -> Result<Vec<String>> {
        let mut secrets = Vec::new();
        for path in &self.secret_file {
            let text = fs::read_to_string(path)
                .with_context(|| format!("cannot read the secret from {}", path.display()))?;
            secrets.push(text.trim_end_matches(['\n', '\r']).to_owned());
        }
        // A file is more explicit than the environment.
        if secrets.is_empty() {
            secrets.clone_from(&self.secret);
        }
        if secrets.is_empty() {
            bail!("give the signing secret in REVENTO_WEBHOOK_SECRET, --secret-file or --secret");
        }
        Ok(secrets)
    }
}
