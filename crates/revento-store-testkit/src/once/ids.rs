//! Checks of ids.

use revento_store::Once;

use super::sample::{NOW, after, takes};
use crate::{check::SharedSubject, expect::same, long, subject::CheckResult, texts::ODD};

pub(super) async fn k8_every_id_is_a_mark_of_its_own(subject: SharedSubject<dyn Once>) -> CheckResult {
    let store = subject.store();
    for id in ODD {
        takes(&*store, id, (NOW, after(600)), true).await?;
    }
    for id in ODD {
        takes(&*store, id, (NOW, after(600)), false).await?;
    }
    Ok(())
}

pub(super) async fn h25_ids_of_any_length_are_told_apart(subject: SharedSubject<dyn Once>) -> CheckResult {
    let store = subject.store();
    for expected in [true, false] {
        for id in long::ids() {
            let taken = store.take(&id, NOW, after(600)).await?;
            let what = format!("whether {} can be taken", long::name(&id));
            same(&what, taken, expected)?;
        }
    }
    Ok(())
}
