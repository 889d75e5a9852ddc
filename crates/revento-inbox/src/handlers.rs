//! What an integration does with its webhooks.

use std::{collections::BTreeMap, error::Error, fmt, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt};
use revento_core::{DeliveryId, Envelope, EventType};

/// A webhook as a handler gets it: verified, stored, leased.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Webhook {
    /// The signed content.
    pub envelope: Arc<Envelope>,
    /// The unsigned id of the delivery, for logs.
    pub delivery_id: DeliveryId,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

/// A handler did not succeed.
#[derive(Debug)]
pub struct HandlerError {
    permanent: bool,
    message: String,
}

impl HandlerError {
    /// No further attempt will help: bury the delivery for an operator to look at.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            permanent: true,
            message: message.into(),
        }
    }

    /// A later attempt may help.
    pub fn retry(message: impl Into<String>) -> Self {
        Self {
            permanent: false,
            message: message.into(),
        }
    }

    pub(crate) fn is_permanent(&self) -> bool {
        self.permanent
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Any error asks for another attempt. Its causes are told too.
impl<E: Error> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Self::retry(text)
    }
}

type Handler = Arc<dyn Fn(Webhook) -> BoxFuture<'static, Result<(), HandlerError>> + Send + Sync>;

/// Which handlers to call for which types. The order is: those of the type, in the order of their
/// registration, then those of every type. All are called, also after one has failed; then the
/// delivery counts as failed and the next attempt calls all of them again.
///
/// A type that has no handler is noted as handled.
#[derive(Clone, Default)]
pub struct Handlers {
    by_type: BTreeMap<EventType, Vec<Handler>>,
    any: Vec<Handler>,
}

impl Handlers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `handler` for webhooks of this type.
    pub fn on<F>(
        mut self,
        event_type: EventType,
        handler: impl Fn(Webhook) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        self.by_type.entry(event_type).or_default().push(boxed(handler));
        self
    }

    /// Calls `handler` for webhooks of every type, those included that this SDK does not know.
    pub fn on_any<F>(mut self, handler: impl Fn(Webhook) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        self.any.push(boxed(handler));
        self
    }

    /// Calls all that want this webhook, one after the other, and gathers what went wrong.
    pub(crate) async fn call(&self, webhook: Webhook) -> Result<(), HandlerError> {
        let specific = self
            .by_type
            .get(&webhook.envelope.event_type)
            .into_iter()
            .flatten();
        let mut errors = Vec::new();
        for handler in specific.chain(&self.any) {
            let guarded =
                std::panic::AssertUnwindSafe(async { handler(webhook.clone()).await }).catch_unwind();
            match guarded.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => errors.push(error),
                Err(_) => errors.push(HandlerError::retry("the handler panicked")),
            }
        }
        gather(errors)
    }
}

fn boxed<F>(handler: impl Fn(Webhook) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    Arc::new(move |webhook| handler(webhook).boxed())
}

/// Worth another attempt unless every failure is permanent.
fn gather(errors: Vec<HandlerError>) -> Result<(), HandlerError> {
    if errors.is_empty() {
        return Ok(());
    }
    let permanent = errors.iter().all(|error| error.permanent);
    let message = errors
        .into_iter()
        .map(|error| error.message)
        .collect::<Vec<_>>()
        .join("; ");
    Err(HandlerError { permanent, message })
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("types", &self.by_type.keys().collect::<Vec<_>>())
            .field("any", &self.any.len())
            .finish()
    }
}
