//! `revento completions` and `revento man`: files for a shell and for `man`.

use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
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
    let mut program = program.disable_help_subcommand(true);
    program.build();
    pages(program, folder).with_context(|| format!("cannot write the manual pages into {}", folder.display()))
}

fn pages(command: clap::Command, folder: &Path) -> Result<()> {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        pages(command.clone(), folder)?;
    }
    let page = clap_mangen::Man::new(command);
    let path = folder.join(page.get_filename());
    let is_link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
    ensure!(!is_link, "{} is a symbolic link: remove it", path.display());
    // Whole before it gets its name, and never through a link that somebody makes meanwhile.
    let mut file = tempfile::Builder::new()
        .prefix(".revento-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    page.render(&mut file)?;
    file.persist(&path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(())
}
