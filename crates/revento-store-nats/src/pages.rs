//! Loading many records.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    failure::Failure,
    stream::{Message, Stream},
};

/// How often a change is tried again because another writer was faster.
pub(crate) const MAX_ROUNDS: usize = 200;

/// How many requests are on their way at the same time.
pub(crate) const AT_ONCE: usize = 64;

/// Loads the records with these tokens, in their order; `None` for one that is gone.
pub(crate) async fn load_all(
    from: &Stream,
    tokens: impl IntoIterator<Item = &str>,
) -> Result<Vec<Option<Message>>, Failure> {
    let loads: Vec<_> = tokens.into_iter().map(|token| from.get(token)).collect();
    stream::iter(loads).buffered(AT_ONCE).try_collect().await
}
