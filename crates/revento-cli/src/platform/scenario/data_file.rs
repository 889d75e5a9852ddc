//! The file that a step names for the data of a test delivery.

use std::{
    fs::{self, File},
    io::Read,
    path::{Component, Path},
};

use anyhow::{Context, Result, bail};
use revento::types::text::printable;
use serde_json::{Map, Value};

/// The largest request that a sandbox takes is smaller.
const MAX_BYTES: u64 = 256 * 1024;

/// Reads an object from a file in the folder of a scenario. A scenario can come from anybody, so it reads nothing outside.
pub(super) fn read(folder: &Path, name: &str) -> Result<Map<String, Value>> {
    let shown = printable(name);
    let path = Path::new(name);
    let is_inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if name.is_empty() || !is_inside {
        bail!("data_file {shown} must be a path inside the scenario's folder");
    }
    let folder = fs::canonicalize(folder).context("the scenario's folder cannot be read")?;
    let found =
        fs::canonicalize(folder.join(path)).with_context(|| format!("data_file {shown} cannot be read"))?;
    if !found.starts_with(&folder) {
        bail!("data_file {shown} is a link that leads out of the scenario's folder");
    }
    if !fs::metadata(&found).is_ok_and(|found| found.is_file()) {
        bail!("data_file {shown} is not a regular file");
    }
    let mut bytes = Vec::new();
    let file = File::open(&found).with_context(|| format!("data_file {shown} cannot be read"))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
        bail!("data_file {shown} is larger than {MAX_BYTES} bytes");
    }
    // The error names the place and not the content: the file may be another one than its author thought.
    serde_json::from_slice(&bytes).map_err(|error| {
        anyhow::anyhow!(
            "data_file {shown}, line {}, column {}: it is not a JSON object",
            error.line(),
            error.column()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn l11_a_data_file_cannot_leave_the_folder() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("scenarios");
        fs::create_dir_all(folder.join("below")).unwrap();
        fs::write(home.path().join("secret.json"), "{\"secret\":1}").unwrap();
        fs::write(home.path().join(".env"), "TOKEN=abc").unwrap();
        fs::write(folder.join("below/good.json"), "{\"a\":1}").unwrap();
        fs::write(folder.join("plain.txt"), "TOKEN=abc").unwrap();
        symlink(home.path().join("secret.json"), folder.join("link.json")).unwrap();
        symlink(home.path(), folder.join("up")).unwrap();
        symlink("below/good.json", folder.join("inner.json")).unwrap();
        for good in ["below/good.json", "./below/good.json", "inner.json"] {
            assert_eq!(read(&folder, good).unwrap().get("a"), Some(&1.into()), "{good}");
        }
        let absolute = home.path().join("secret.json");
        for bad in [
            "",
            "../secret.json",
            "below/../../secret.json",
            absolute.to_str().unwrap(),
            "link.json",
            "up/secret.json",
            "below",
            "missing.json",
            "plain.txt",
            "../.env",
        ] {
            let error = format!("{:#}", read(&folder, bad).unwrap_err());
            assert!(
                !error.contains("abc") && !error.contains("secret\":"),
                "{bad}: {error}"
            );
        }
    }
}
