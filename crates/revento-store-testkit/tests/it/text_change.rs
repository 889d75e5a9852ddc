//! What engines make of a text.

/// One way to alter a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextChange {
    Ascii,
    Latin1,
    ThreeBytes,
    Composed,
    LowerCase,
    LineEnds,
    Trimmed,
    UpToNul,
    EmptyIsNone,
    Cut(usize),
}

impl TextChange {
    /// All that a short text shows.
    pub(super) const SHORT: [Self; 9] = [
        Self::Ascii,
        Self::Latin1,
        Self::ThreeBytes,
        Self::Composed,
        Self::LowerCase,
        Self::LineEnds,
        Self::Trimmed,
        Self::UpToNul,
        Self::EmptyIsNone,
    ];
    /// The sizes of usual columns.
    pub(super) const CUTS: [Self; 4] = [Self::Cut(20), Self::Cut(255), Self::Cut(4000), Self::Cut(65_535)];

    pub(super) fn apply(self, text: &str) -> Option<String> {
        let up_to = |last: char| {
            text.chars()
                .map(|char| if char > last { '?' } else { char })
                .collect()
        };
        Some(match self {
            Self::Ascii => up_to('\u{7f}'),
            Self::Latin1 => up_to('\u{ff}'),
            Self::ThreeBytes => up_to('\u{ffff}'),
            Self::Composed => text.replace("a\u{301}", "á").replace("e\u{301}", "é"),
            Self::LowerCase => text.to_lowercase(),
            Self::LineEnds => text.replace("\r\n", "\n"),
            Self::Trimmed => text.trim_end_matches(' ').to_owned(),
            Self::UpToNul => text.split('\0').next().unwrap().to_owned(),
            Self::EmptyIsNone if text.is_empty() => return None,
            Self::EmptyIsNone => text.to_owned(),
            Self::Cut(bytes) => text[..text.floor_char_boundary(bytes)].to_owned(),
        })
    }

    /// The same for a field that always has a text.
    pub(super) fn apply_to_required(self, text: &str) -> String {
        self.apply(text).unwrap_or_else(|| " ".to_owned())
    }
}
