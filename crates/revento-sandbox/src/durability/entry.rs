//! What the journal tells the data file.

use crate::platform::table::Change;

/// One entry of the journal.
#[derive(Debug)]
pub(super) enum Entry {
    /// Rows that changed together.
    Changes(Vec<Change>),
    /// Deletes every row.
    Clear,
}
