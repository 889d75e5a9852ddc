//! Contains panics, and says what panicked and where.

use std::{
    any::Any,
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

use futures_util::FutureExt as _;

thread_local! {
    /// Where the latest panic of this thread was: `src/tokens.rs:12:34`.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a future. If it panics, returns the text of the panic and its place in the source.
pub(crate) async fn contained<T>(future: impl Future<Output = T>) -> Result<T, String> {
    note_places();
    let ended = AssertUnwindSafe(future).catch_unwind().await;
    ended.map_err(|payload| {
        let text = text_of(&*payload).unwrap_or("the panic has no text");
        match PLACE.take() {
            Some(place) => format!("{text} (at {place})"),
            None => text.to_owned(),
        }
    })
}

/// Only the panic hook sees the place of a panic. The hook that was there before still runs and prints as it did.
fn note_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PLACE.set(info.location().map(ToString::to_string));
            before(info);
        }));
    });
}

fn text_of(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
}
