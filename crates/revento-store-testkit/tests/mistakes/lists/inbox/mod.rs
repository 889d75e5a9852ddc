//! Mistakes in an inbox.

mod buried;
mod cleaning;
mod inserting;
mod leasing;
mod ordering;
mod outcomes;
mod processes;
mod replays;
mod requeueing;
mod values;

use crate::mistake::Mistake;

pub(crate) fn inbox() -> Vec<Mistake> {
    [
        values::values(),
        inserting::inserting(),
        replays::replays(),
        leasing::leasing(),
        ordering::ordering(),
        outcomes::outcomes(),
        requeueing::requeueing(),
        buried::buried(),
        cleaning::cleaning(),
        processes::processes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
