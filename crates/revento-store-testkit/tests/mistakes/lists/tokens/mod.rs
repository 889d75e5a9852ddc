//! Mistakes in a token store.

mod claiming;
mod creating;
mod due;
mod lists;
mod processes;
mod releasing;
mod removing;
mod swapping;
mod values;

use crate::mistake::Mistake;

pub(crate) fn tokens() -> Vec<Mistake> {
    [
        values::values(),
        creating::creating(),
        swapping::swapping(),
        claiming::claiming(),
        releasing::releasing(),
        due::due(),
        lists::lists(),
        removing::removing(),
        processes::processes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
