//! A curl command, as browsers and proxies copy it.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use super::CapturedRequest;

/// Reads the headers and the body of a command. Options that change neither are ignored.
pub(crate) fn parse(capture: &[u8]) -> Result<CapturedRequest> {
    let text = std::str::from_utf8(capture)
        .context("the curl command is not UTF-8: save the request as raw HTTP")?;
    if text.contains(" $'") {
        bail!(
            "the curl command uses the quoting $'…' of a shell: save the request as a HAR file or as raw HTTP"
        );
    }
    let words = shlex::split(text).context("the curl command has a quotation mark without its partner")?;
    let mut request = CapturedRequest {
        headers: Vec::new(),
        body: Vec::new(),
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option.to_owned(), Some(value.to_owned())),
            _ => (word, None),
        };
        let mut value = || {
            value
                .clone()
                .or_else(|| words.next())
                .with_context(|| format!("{option} has no value"))
        };
        match option.as_str() {
            "-H" | "--header" => request.headers.extend(header(&value()?)),
            "-d" | "--data" | "--data-ascii" => request.append(without_line_breaks(data(&value()?)?)),
            "--data-binary" | "--json" => request.append(data(&value()?)?),
            "--data-raw" => request.append(value()?.into_bytes()),
            "-F" | "--form" | "--data-urlencode" | "-T" | "--upload-file" => {
                bail!("{option} is not how a webhook is sent: its body is in --data-binary or --data-raw")
            }
            _ => {}
        }
    }
    Ok(request)
}

impl CapturedRequest {
    /// curl joins several `--data` with an ampersand.
    fn append(&mut self, data: Vec<u8>) {
        if !self.body.is_empty() {
            self.body.push(b'&');
        }
        self.body.extend(data);
    }
}

/// `Name: value`; curl sends `Name;` with an empty value, and does not send `Name:`.
fn header(text: &str) -> Option<(String, Vec<u8>)> {
    if let Some((name, value)) = text.split_once(':') {
        let value = value.trim();
        return (!value.is_empty()).then(|| (name.to_owned(), value.into()));
    }
    let name = text.strip_suffix(';')?;
    Some((name.to_owned(), Vec::new()))
}

fn data(value: &str) -> Result<Vec<u8>> {
    match value.strip_prefix('@') {
        None => Ok(value.into()),
        Some("-") => bail!("the command reads its body from standard input: name a file instead"),
        Some(path) => fs::read(Path::new(path)).with_context(|| format!("cannot read the body from {path}")),
    }
}

/// curl takes the line breaks out of a file's data, except with `--data-binary`.
fn without_line_breaks(mut data: Vec<u8>) -> Vec<u8> {
    data.retain(|byte| !matches!(byte, b'\r' | b'\n'));
    data
}
