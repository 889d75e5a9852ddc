//! Mistakes that show under load, at the start, or while the platform hangs. Without one, nothing here waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{Mutex, MutexGuard, Semaphore, SemaphorePermit};

use crate::app::App;

/// What a receiver makes webhooks wait for, by mistake.
#[derive(Debug)]
pub(crate) struct Turnstile {
    places: Semaphore,
    one_at_a_time: Mutex<()>,
    warm: AtomicBool,
}

const PLACES: usize = 40;

impl Default for Turnstile {
    fn default() -> Self {
        Self {
            places: Semaphore::new(PLACES),
            one_at_a_time: Mutex::default(),
            warm: AtomicBool::default(),
        }
    }
}

/// The turn of one webhook.
#[derive(Debug, Default)]
pub(super) struct Turn<'a> {
    _place: Option<SemaphorePermit<'a>>,
    _alone: Option<MutexGuard<'a, ()>>,
}

/// Waits for the turn of a webhook.
pub(super) async fn enter(app: &App) -> Result<Turn<'_>, StatusCode> {
    let turnstile = &app.turnstile;
    let mut turn = Turn::default();
    if app.mistakes.has("delivery-burst") {
        let place = turnstile
            .places
            .try_acquire()
            .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        if turnstile.places.available_permits() < PLACES - 5 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        turn._place = Some(place);
    }
    if app.mistakes.has("delivery-quick-under-load") {
        let is_contended = turnstile.one_at_a_time.try_lock().is_err();
        turn._alone = Some(turnstile.one_at_a_time.lock().await);
        if is_contended {
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }
    if app.mistakes.has("delivery-quick-from-cold") && !turnstile.warm.swap(true, Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(5_500)).await;
    }
    Ok(turn)
}

/// Asks the platform whether the integration still exists, before the webhook is answered, until it answers.
pub(super) async fn ask_the_platform(app: &App) {
    let path = format!("/developer/integrations/{}/installations", app.settings.client_id);
    for _ in 0..2 {
        if app
            .platform
            .get(&app.settings, &path, "none", "*/*", "none")
            .await
            .is_ok()
        {
            return;
        }
    }
}
