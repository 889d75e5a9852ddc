//! Turns what a program has shown on a terminal into a page, for a picture.

/// The page. It understands colours, and that a line is erased and written again.
pub(crate) fn page(shown: &str) -> String {
    let mut text = String::new();
    for line in shown.lines() {
        // What was erased is not in the picture.
        let last = line.rsplit("\u{1b}[2K").next().unwrap_or(line);
        let last = last
            .rsplit('\r')
            .find(|part| !part.is_empty())
            .unwrap_or_default();
        text.push_str(&coloured(last));
        text.push('\n');
    }
    format!(
        "<!DOCTYPE html><meta charset=utf-8><style>
        body {{ margin: 0; padding: 20px 24px; background: #16191d; }}
        pre {{ margin: 0; color: #d6dae0; font: 14px/1.5 'DejaVu Sans Mono', monospace; white-space: pre-wrap; overflow-wrap: anywhere; }}
        .s1 {{ font-weight: bold; color: #fff; }} .s2 {{ color: #8b949e; }} .s31 {{ color: #ff7b72; }} .s32 {{ color: #7ee787; }} .s33 {{ color: #e3b341; }}
        </style><pre>{text}</pre>"
    )
}

fn coloured(line: &str) -> String {
    let mut html = String::new();
    let mut open = 0;
    for (number, part) in line.split("\u{1b}[").enumerate() {
        let mut rest = part;
        if number > 0 {
            let end = part
                .find(|letter: char| letter.is_ascii_alphabetic())
                .unwrap_or(part.len());
            let (code, after) = part.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            if after.starts_with('m') {
                match code {
                    "0" | "" => {
                        html.push_str(&"</span>".repeat(open));
                        open = 0;
                    }
                    code => {
                        html.push_str(&format!("<span class=s{code}>"));
                        open += 1;
                    }
                }
            }
        }
        html.push_str(&rest.replace('&', "&amp;").replace('<', "&lt;"));
    }
    html.push_str(&"</span>".repeat(open));
    html
}
