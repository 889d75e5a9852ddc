//! Ids that do not fit into an index entry, and that no engine can compress until they do.

use crate::{bytes::mixed, show};

/// 8 KB and 64 KB, one that differs only in its last character, and one whose characters have several bytes.
pub(crate) fn ids() -> [String; 4] {
    let long = random_text(1, 8 * 1024);
    let twin = format!("{}~", &long[..long.len() - 1]);
    [long, twin, random_text(2, 64 * 1024), "日本語é🎟".repeat(400)]
}

/// A short name for messages.
pub(crate) fn name(id: &str) -> String {
    format!("the id {}", show::quoted(id))
}

/// Pseudo-random letters and digits.
fn random_text(seed: u64, length: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letter = |byte: u8| char::from(LETTERS[usize::from(byte >> 2)]);
    mixed(seed, length).into_iter().map(letter).collect()
}
