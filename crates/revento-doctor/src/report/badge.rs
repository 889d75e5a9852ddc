//! The badge: an SVG picture in the usual form, `revento doctor | passed 87/87`.

use maud::{PreEscaped, html};

use super::{Report, Verdict};

/// The width of a character of 11 px Verdana, on average.
const CHARACTER: usize = 7;

impl Report {
    /// The badge as an SVG picture with a title for screen readers.
    pub fn to_badge(&self) -> String {
        let counts = self.counts();
        let (word, colour) = match self.verdict() {
            Verdict::Passed => (format!("passed {}/{}", counts.passed, counts.judged()), "#2a7d2e"),
            Verdict::Failed => (format!("{} failed", counts.failed), "#c0392b"),
            Verdict::NotTested => ("not tested".to_owned(), "#6a6a6a"),
        };
        let name = "revento doctor";
        let title = format!("{name}: {}", self.sentence());
        let (left, right) = (name.len() * CHARACTER + 10, word.len() * CHARACTER + 10);
        let width = left + right;
        let text = |middle: usize, length: usize, text: &str| {
            html! {
                text x=(middle) y="14" textLength=(length) lengthAdjust="spacingAndGlyphs" { (text) }
            }
        };
        let picture = html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height="20" role="img" aria-labelledby="title" {
                title id="title" { (title) }
                clipPath id="corners" { rect width=(width) height="20" rx="3" fill="#fff" {} }
                g clip-path="url(#corners)" aria-hidden="true" {
                    rect width=(left) height="20" fill="#444" {}
                    rect x=(left) width=(right) height="20" fill=(colour) {}
                    g fill="#fff" text-anchor="middle" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11" {
                        (text(left / 2, left - 10, name))
                        (text(left + right / 2, right - 10, &word))
                    }
                }
            }
        };
        let PreEscaped(picture) = picture;
        format!("{picture}\n")
    }
}
