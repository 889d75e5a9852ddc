//! What an integration stores, as bytes.

use std::path::{Path, PathBuf};

use tokio::process::Command;

/// The stored bytes, each with the name of its source. A path is a file or a folder; everything else is a command.
pub(super) async fn stored(scan: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
    let path = Path::new(scan);
    if path.exists() {
        let mut files = Vec::new();
        collect(path, &mut files)?;
        return Ok(files);
    }
    let output = Command::new("sh").arg("-c").arg(scan).output().await;
    let output = output.map_err(|error| format!("the command of --scan does not run: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text.lines().next_back().unwrap_or_default();
        return Err(format!(
            "there is no file {scan}, and as a command it ended with {}: {last}",
            output.status
        ));
    }
    Ok(vec![("the output of --scan".to_owned(), output.stdout)])
}

fn collect(path: &Path, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), String> {
    let unreadable = |error| format!("{} of --scan cannot be read: {error}", path.display());
    if path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            collect(&entry.map_err(unreadable)?.path(), files)?;
        }
        return Ok(());
    }
    // SQLite keeps the newest data in files beside the database.
    for suffix in ["", "-wal", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let file = PathBuf::from(name);
        let known = files.iter().any(|(known, _)| Path::new(known) == file);
        if !known && (suffix.is_empty() || file.exists()) {
            let bytes = std::fs::read(&file).map_err(unreadable)?;
            files.push((file.display().to_string(), bytes));
        }
    }
    Ok(())
}
