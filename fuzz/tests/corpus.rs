//! Every file of the corpus, and a few hundred mutations.

use std::{cell::Cell, path::Path, time::Duration};

use revento_fuzz::{TARGETS, driver};

#[test]
fn w27_the_targets_hold_for_the_corpus_and_its_mutations() {
    for target in TARGETS {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(target.name);
        let corpus = driver::corpus(&directory).unwrap();
        assert!(corpus.len() >= 5, "{} has a corpus", target.name);
        // A clock that counts rounds, so that the test is the same everywhere.
        let rounds = Cell::new(0);
        let elapsed = || Duration::from_secs(rounds.replace(rounds.get() + 1));
        let outcome = driver::run(*target, &corpus, 1, Duration::from_secs(4), elapsed);
        assert!(outcome.tried >= 192);
        assert!(
            outcome.crash.is_none(),
            "{} panics at \"{}\"",
            target.name,
            outcome.crash.unwrap_or_default().escape_ascii()
        );
    }
}
