//! `revento completions` and `revento man`: files for a shell and for `man`.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context, Result};
use clap_complete::Shell;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento completions bash > ~/.local/share/bash-completion/completions/revento
  revento completions zsh > \"${fpath[1]}/_revento\"
  revento completions fish > ~/.config/fish/completions/revento.fish")]
pub(crate) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  revento man ~/.local/share/man/man1 && man revento")]
pub(crate) struct ManArguments {
    /// The folder to write the pages into, one for each command. It must exist.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes the completions of a shell to standard output.
pub(crate) fn completions(arguments: &CompletionsArguments, mut program: clap::Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "revento", &mut script);
    match io::stdout().lock().write_all(&script) {
        // The reader has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write to standard output"),
    }
}

/// Writes a manual page for each command.
pub(crate) fn man(arguments: &ManArguments, program: clap::Command) -> Result<()> {
    let folder = &arguments.folder;
    clap_mangen::generate_to(program, folder)
        .with_context(|| format!("cannot write the manual pages into {}", folder.display()))
}
