//! The code on a page of the guide is the code of the program and its tests. The blocks are `ignore`, because they do not compile alone.

/// Fails if a block of Rust on the page is in none of the files.
pub(crate) fn shows(page: &str, files: &[&str]) {
    shows_in("rust,ignore", page, files);
}

/// The same for blocks of another language.
pub(crate) fn shows_in(language: &str, page: &str, files: &[&str]) {
    let fence = format!("```{language}\n");
    let blocks: Vec<_> = page.split(&fence).skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let block = flush_left(block.split("```").next().unwrap());
        let is_ours = files.iter().any(|file| flush_left(file).contains(&block));
        assert!(is_ours, "not in the program:\n{block}");
    }
}

fn flush_left(code: &str) -> String {
    code.lines()
        .map(|line| format!("{}\n", line.trim_start()))
        .collect()
}
