//! Turns the documentation of a library into a README.

/// Where links of the documentation lead, which a README reaches without the network.
const REPOSITORY: &str = "https://github.com/revento/revento-rs/blob/main/";

/// The README of a crate.
pub(super) fn of(name: &str, documentation: &str) -> String {
    let mut readme = format!("# {name}\n\n");
    let mut block = None;
    for line in documentation.lines() {
        if let Some(language) = line.strip_prefix("```") {
            block = match block {
                None => {
                    let kind = Kind::of(language);
                    readme.push_str(&format!("```{}\n", kind.shown(language)));
                    Some(kind)
                }
                Some(_) => {
                    readme.truncate(readme.trim_end().len());
                    readme.push_str("\n```\n");
                    None
                }
            };
            continue;
        }
        match block {
            Some(Kind::Rust) => code(&mut readme, line),
            Some(Kind::Other) => readme.push_str(&format!("{line}\n")),
            None => readme.push_str(&prose(line)),
        }
    }
    readme.push_str(&format!(
        "\nPart of the [Revento SDK for Rust](../../README.md). The documentation is on [docs.rs](https://docs.rs/{name}).\n"
    ));
    readme
}

#[derive(Clone, Copy)]
enum Kind {
    Rust,
    Other,
}

impl Kind {
    fn of(language: &str) -> Self {
        let first = language.split(',').next().unwrap_or_default();
        match first {
            "" | "rust" | "no_run" | "ignore" | "should_panic" | "compile_fail" => Self::Rust,
            _ => Self::Other,
        }
    }

    fn shown(self, language: &str) -> &str {
        match self {
            Self::Rust => "rust",
            Self::Other => language,
        }
    }
}

/// Adds a line of code, unless rustdoc hides it.
fn code(readme: &mut String, line: &str) {
    let trimmed = line.trim_start();
    let is_first_or_after_blank = readme.ends_with("```rust\n") || readme.ends_with("\n\n");
    if trimmed == "#" || trimmed.starts_with("# ") || (trimmed.is_empty() && is_first_or_after_blank) {
        return;
    }
    readme.push_str(&line.replacen("##", "#", usize::from(trimmed.starts_with("##"))));
    readme.push('\n');
}

/// A line of text: headings one level deeper, and without links to items, which only rustdoc resolves.
fn prose(line: &str) -> String {
    let text = line.replace(REPOSITORY, "../../");
    let mut shown = if text.starts_with('#') {
        "#".to_owned()
    } else {
        String::new()
    };
    let mut rest = text.as_str();
    while let Some((before, after)) = split_link(rest) {
        shown.push_str(before);
        let (link, after) = after;
        shown.push_str(&link);
        rest = after;
    }
    shown + rest + "\n"
}

/// The text before the next link, what a README shows in place of the link, and the text after it.
fn split_link(text: &str) -> Option<(&str, (String, &str))> {
    let start = start_of_link(text)?;
    let (before, link) = text.split_at_checked(start)?;
    let end = link.find(']')?;
    let (label, after) = (link.get(1..end)?, link.get(end + 1..)?);
    let Some(target) = after.strip_prefix('(') else {
        return Some((before, (label.to_owned(), after)));
    };
    let (target, after) = target.split_once(')')?;
    let is_page = ["http://", "https://", "../", "#"]
        .iter()
        .any(|start| target.starts_with(start));
    let shown = if is_page {
        format!("[{label}]({target})")
    } else {
        label.to_owned()
    };
    Some((before, (shown, after)))
}

/// Where the next `[` is that does not stand inside of code.
fn start_of_link(text: &str) -> Option<usize> {
    let mut is_code = false;
    text.char_indices()
        .find(|(_, character)| {
            is_code ^= *character == '`';
            *character == '[' && !is_code
        })
        .map(|(start, _)| start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readme_has_what_only_rustdoc_reads_as_text() {
        let documentation = "\
Sends [`Request`](http::Request)s, see [the guide](https://github.com/revento/revento-rs/blob/main/docs/guide/a.md) and [RFC](https://r).

# Use
It is `[a](b)`, [limits] and [`Client`].

```
# use hidden::This;
use shown::That;

# let _ = 1;
#[test]
fn it() {}
# Ok::<(), Error>(())
```

```text
# kept
```
";
        let expected = "\
# revento-x

Sends `Request`s, see [the guide](../../docs/guide/a.md) and [RFC](https://r).

## Use
It is `[a](b)`, limits and `Client`.

```rust
use shown::That;

#[test]
fn it() {}
```

```text
# kept
```

Part of the [Revento SDK for Rust](../../README.md). The documentation is on [docs.rs](https://docs.rs/revento-x).
";
        assert_eq!(of("revento-x", documentation), expected);
    }
}
