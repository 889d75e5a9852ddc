//! Ids that do not fit into an index entry, and that no engine can compress until they do.

/// 8 KB and 64 KB, one that differs only in its last character, and one whose characters have several bytes.
pub(crate) fn ids() -> [String; 4] {
    let long = random_text(1, 8 * 1024);
    let twin = format!("{}~", &long[..long.len() - 1]);
    [long, twin, random_text(2, 64 * 1024), "日本語é🎟".repeat(400)]
}

/// A short name for messages.
pub(crate) fn name(id: &str) -> String {
    format!("an id of {} bytes", id.len())
}

/// Pseudo-random letters and digits. Numbers as in Knuth's MMIX.
fn random_text(seed: u64, length: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = seed;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let index = usize::try_from(state >> 58).unwrap_or_default();
        char::from(LETTERS[index])
    };
    std::iter::repeat_with(next).take(length).collect()
}
