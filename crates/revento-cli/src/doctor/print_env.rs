//! `revento doctor --print-env`: the variables of the integration.

use revento_doctor::Settings;
use serde_json::{Map, Value};

use super::{
    failure::{Failure, not_tested, usage},
    options::PORT,
};
use crate::terminal;

/// How variables are printed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Format {
    /// `export NAME=value`, for `eval`.
    Shell,
    /// A JSON object.
    Json,
    /// `NAME=value`, for a file `.env`.
    Dotenv,
}

/// Prints the variables of a later examination with the same options.
pub(crate) async fn print(settings: &Settings, format: Format) -> Result<(), Failure> {
    if settings.listen.is_none_or(|address| address.port() == 0) {
        return Err(usage(format!(
            "the doctor takes a free port, so the variables are not known before it runs: with --start it sets them itself. Give --listen {PORT} here and later to choose the port"
        )));
    }
    let variables = settings.variables().await?;
    match format {
        Format::Shell => {
            for (name, value) in variables {
                let quoted = shlex::try_quote(&value);
                let quoted =
                    quoted.map_err(|error| not_tested(format!("{name} does not fit a shell: {error}")))?;
                terminal::print_line(&format!("export {name}={quoted}"));
            }
        }
        Format::Json => {
            let values = variables
                .into_iter()
                .map(|(name, value)| (name, Value::String(value)));
            terminal::print_line(&Value::Object(values.collect::<Map<_, _>>()).to_string());
        }
        Format::Dotenv => {
            for (name, value) in variables {
                terminal::print_line(&format!("{name}={value}"));
            }
        }
    }
    Ok(())
}
