//! What the checks of pages need to know of a page of Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{BrokenLink, CodeBlockKind, Event, LinkType, OffsetIter, Options, Parser, Tag, TagEnd};

/// A page, without its text.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) links: Vec<Link>,
    pub(super) blocks: Vec<Block>,
    /// Lines and labels of references that the page does not define.
    pub(super) undefined: Vec<(usize, String)>,
    /// What a link may name after `#`.
    pub(super) anchors: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) line: usize,
    pub(super) target: String,
    /// The label in small letters, if the target is in a definition elsewhere on the page.
    pub(super) label: Option<String>,
    pub(super) is_image: bool,
}

/// A block of code.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) line: usize,
    /// The language and what follows it: `rust,no_run`. Empty for an indented block.
    pub(super) info: String,
}

impl Page {
    pub(super) fn parse(text: &str) -> Self {
        let line =
            |range: &Range<usize>| 1 + text.get(..range.start).unwrap_or_default().matches('\n').count();
        let mut page = Self::default();
        let mut undefined = Vec::new();
        let note = |link: BrokenLink<'_>| {
            undefined.push((line(&link.span), link.reference.to_string()));
            None
        };
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let mut events = Parser::new_with_broken_link_callback(text, options, Some(note)).into_offset_iter();
        while let Some((event, range)) = events.next() {
            match event {
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    id,
                    ..
                }) => {
                    page.links
                        .push(Link::new(line(&range), link_type, &dest_url, &id, false));
                }
                Event::Start(Tag::Image {
                    link_type,
                    dest_url,
                    id,
                    ..
                }) => {
                    page.links
                        .push(Link::new(line(&range), link_type, &dest_url, &id, true));
                }
                Event::Start(Tag::CodeBlock(kind)) => page.blocks.push(Block {
                    line: line(&range),
                    info: match kind {
                        CodeBlockKind::Fenced(info) => info.to_string(),
                        CodeBlockKind::Indented => String::new(),
                    },
                }),
                Event::Start(Tag::Heading { .. }) => {
                    let heading = heading(&mut events);
                    page.add_anchor(&heading);
                }
                _ => {}
            }
        }
        page.undefined = undefined;
        page
    }

    /// The second heading of the same text gets a number.
    fn add_anchor(&mut self, heading: &str) {
        let anchor = anchor(heading);
        let mut numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let mut free = anchor.clone();
        while self.anchors.contains(&free) {
            free = numbered.next().unwrap_or_default();
        }
        self.anchors.insert(free);
    }
}

impl Link {
    fn new(line: usize, kind: LinkType, target: &str, id: &str, is_image: bool) -> Self {
        let is_inline = matches!(kind, LinkType::Inline | LinkType::Autolink | LinkType::Email);
        Self {
            line,
            target: target.to_owned(),
            label: (!is_inline).then(|| id.to_lowercase()),
            is_image,
        }
    }

    /// Path and anchor of a link to a file of the repository. The path is empty for a link within the page.
    pub(super) fn relative(&self) -> Option<(&str, Option<&str>)> {
        let target = self.target.as_str();
        let has_scheme = target
            .split(['/', '#'])
            .next()
            .is_some_and(|first| first.contains(':'));
        if has_scheme || target.starts_with('/') {
            return None;
        }
        Some(match target.split_once('#') {
            Some((path, anchor)) => (path, Some(anchor)),
            None => (target, None),
        })
    }
}

fn heading<'a, C: pulldown_cmark::BrokenLinkCallback<'a>>(events: &mut OffsetIter<'a, C>) -> String {
    let mut text = String::new();
    for (event, _) in events {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::End(TagEnd::Heading(_)) => break,
            _ => {}
        }
    }
    text
}

/// As code hosts and rustdoc derive it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|character| match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        _ => character.is_alphanumeric().then_some(character),
    });
    kept.flat_map(char::to_lowercase).collect()
}

/// A path as seen from the root of the repository: `docs/guide` and `../contract.md` are `docs/contract.md`. `None` if it leaves
/// the repository.
pub(super) fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Targets by label. A label that means two things keeps the first.
pub(super) type Definitions = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_blocks_and_anchors_are_read() {
        let page = Page::parse(concat!(
            "# What can go `wrong`?\n\n",
            "[inline](a.md#x), [Reference], ![picture][shot], [unknown] and <https://example.org>\n\n",
            "```rust,no_run\n[not](a-link.md)\n```\n\n",
            "## Twice\n## Twice\n\n",
            "[reference]: ../b.md\n[shot]: c.png\n"
        ));
        let links: Vec<_> = page
            .links
            .iter()
            .map(|link| (link.target.as_str(), link.label.as_deref()))
            .collect();
        assert_eq!(
            links,
            [
                ("a.md#x", None),
                ("../b.md", Some("reference")),
                ("c.png", Some("shot")),
                ("https://example.org", None),
            ]
        );
        assert_eq!(page.links[0].relative(), Some(("a.md", Some("x"))));
        assert_eq!(page.links[3].relative(), None);
        assert_eq!(page.undefined, [(3, "unknown".to_owned())]);
        assert_eq!(
            (page.blocks[0].line, page.blocks[0].info.as_str()),
            (5, "rust,no_run")
        );
        let anchors: Vec<_> = page.anchors.iter().map(String::as_str).collect();
        assert_eq!(anchors, ["twice", "twice-1", "what-can-go-wrong"]);
    }

    #[test]
    fn paths_are_resolved() {
        assert_eq!(
            resolve("docs/guide", "../contract.md").unwrap(),
            "docs/contract.md"
        );
        assert_eq!(resolve("", "./docs/").unwrap(), "docs");
        assert!(resolve("docs", "../../x").is_none());
    }
}
