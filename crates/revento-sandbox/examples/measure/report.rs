//! Prints the measurements, as a table or as JSON.

use serde_json::{Value, json};

/// All measurements.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Milliseconds until the sandbox serves, in memory.
    pub(crate) ready: f64,
    /// Milliseconds until the sandbox serves, with a new file.
    pub(crate) ready_file: f64,
    /// Pages per second: in memory, with a file, from the bare handler.
    pub(crate) pages: [f64; 3],
    /// Token answers per second: in memory, with a file, from the bare handler.
    pub(crate) tokens: [f64; 3],
    pub(crate) memory: Value,
}

/// The start is compared with a limit instead of a peer.
const READY_LIMIT_MS: f64 = 100.0;

impl Report {
    #[expect(clippy::print_stdout, reason = "this program reports")]
    pub(crate) fn print(&self, as_json: bool) {
        println!(
            "{}",
            if as_json {
                self.ratios().to_string()
            } else {
                self.table()
            }
        );
    }

    fn of_memory(&self, name: &str) -> f64 {
        self.memory.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN)
    }

    fn ratios(&self) -> Value {
        let rounded = |ratio: f64| (ratio * 1e3).round() / 1e3;
        let [pages, pages_file, bare_pages] = self.pages;
        let [tokens, tokens_file, bare_tokens] = self.tokens;
        let text = self.of_memory("seed_bytes") + self.of_memory("delivery_bytes");
        json!({
            "sandbox.ready.100ms": rounded(self.ready / READY_LIMIT_MS),
            "sandbox.ready-file.100ms": rounded(self.ready_file / READY_LIMIT_MS),
            "sandbox.page.bare-axum": rounded(pages / bare_pages),
            "sandbox.page-file.bare-axum": rounded(pages_file / bare_pages),
            "sandbox.refresh.bare-axum": rounded(tokens / bare_tokens),
            "sandbox.refresh-file.bare-axum": rounded(tokens_file / bare_tokens),
            "sandbox.memory.json-text": rounded(self.of_memory("resident_with_deliveries") / text),
        })
    }

    fn table(&self) -> String {
        let [pages, pages_file, bare_pages] = self.pages;
        let [tokens, tokens_file, bare_tokens] = self.tokens;
        let share = |rate: f64, of: f64| format!("{rate:.0} ({:.2})", rate / of);
        let mebibytes = |name: &str| format!("{:.0} MiB", self.of_memory(name) / 1_048_576.0);
        [
            "| | in memory | with a file | bare axum |\n|---|---|---|---|".to_owned(),
            format!(
                "| ready after | {:.1} ms | {:.1} ms | |",
                self.ready, self.ready_file
            ),
            format!(
                "| pages of 25 participants/s | {} | {} | {bare_pages:.0} |",
                share(pages, bare_pages),
                share(pages_file, bare_pages)
            ),
            format!(
                "| refreshes/s | {} | {} | {bare_tokens:.0} |",
                share(tokens, bare_tokens),
                share(tokens_file, bare_tokens)
            ),
            String::new(),
            "| | |\n|---|---|".to_owned(),
            format!(
                "| ready with 100 000 participants | {:.0} ms |",
                self.of_memory("ready_ms")
            ),
            format!("| resident then | {} |", mebibytes("resident_with_participants")),
            format!(
                "| reviews/s, each with a delivery | {:.0} |",
                self.of_memory("reviews_per_second")
            ),
            format!(
                "| resident with {:.0} deliveries as well, each tried once | {} |",
                self.of_memory("deliveries"),
                mebibytes("resident_with_deliveries")
            ),
            format!(
                "| the same as JSON text | {:.0} MiB |",
                (self.of_memory("seed_bytes") + self.of_memory("delivery_bytes")) / 1_048_576.0
            ),
        ]
        .join("\n")
    }
}
