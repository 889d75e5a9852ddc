//! The handlers of an integration, by the kind of webhook.

use std::{collections::BTreeMap, fmt, panic::AssertUnwindSafe, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt};
use revento_core::{EventType, error::chain, kind::Kind};

use crate::{Failure, HandlerError, Webhook};

type Outcome = Result<(), HandlerError>;
type RawHandler = Arc<dyn Fn(Webhook) -> BoxFuture<'static, Outcome> + Send + Sync>;
type FailureHook = Arc<dyn Fn(Failure) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// Handles the webhooks of one kind. Every function from `Webhook<K>` to a future implements it.
pub trait Handler<K: Kind>: Send + Sync + 'static {
    /// Handles one webhook.
    fn handle(&self, webhook: Webhook<K>) -> impl Future<Output = Result<(), HandlerError>> + Send + 'static;
}

impl<K, H, F> Handler<K> for H
where
    K: Kind,
    H: Fn(Webhook<K>) -> F + Send + Sync + 'static,
    F: Future<Output = Outcome> + Send + 'static,
{
    fn handle(&self, webhook: Webhook<K>) -> impl Future<Output = Outcome> + Send + 'static {
        self(webhook)
    }
}

/// The handlers of an integration.
///
/// For each webhook the runner calls the handlers of its kind or type, then those of its group, those for unknown
/// types if the SDK does not know the type, and those for every type; within each list in the order of registration.
/// It calls all of them, even after one fails or panics. Then the attempt counts as failed, and the next attempt calls
/// all of them again.
///
/// A webhook without a handler counts as handled, because sending it again would not help.
///
/// # Data that cannot be read
/// A typed handler ([`on`](Self::on)) is not called when the signed data of its kind cannot be read. The attempt fails
/// with a [permanent](HandlerError::permanent) error that names the type and the path of the field, never a value. When
/// no other handler asks for a retry, the runner buries the delivery: it is never acknowledged and forgotten. After an
/// update of the SDK, queue it again with [`Inbox::requeue`](crate::Inbox::requeue).
///
/// ```
/// use revento_core::kind::ApplicationApproved;
/// use revento_inbox::{HandlerError, Handlers, Webhook};
///
/// let handlers = Handlers::new()
///     .on::<ApplicationApproved>(async |webhook: Webhook<ApplicationApproved>| {
///         println!("approved: {}, attempt {}", webhook.data.id, webhook.attempt);
///         Ok::<(), HandlerError>(())
///     })
///     .on_group("participant", async |webhook| {
///         println!("{}", webhook.envelope.event_type);
///         Ok::<(), HandlerError>(())
///     });
/// ```
#[derive(Clone, Default)]
pub struct Handlers {
    by_type: BTreeMap<EventType, Vec<RawHandler>>,
    by_group: BTreeMap<Box<str>, Vec<RawHandler>>,
    unknown: Vec<RawHandler>,
    any: Vec<RawHandler>,
    on_failure: Option<FailureHook>,
}

impl Handlers {
    /// No handlers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `handler` with the webhooks of one kind and their data. With
    /// [`AnyEvent`](revento_core::kind::AnyEvent) it gets every webhook, with the data as a
    /// [`Payload`](revento_core::kind::Payload). A handler that is registered twice is called twice.
    #[must_use]
    pub fn on<K: Kind>(mut self, handler: impl Handler<K>) -> Self {
        let raw: RawHandler = Arc::new(move |webhook| match webhook.read::<K>() {
            Ok(webhook) => handler.handle(webhook).boxed(),
            Err(error) => {
                let event_type = &webhook.envelope.event_type;
                let message = format!("the data of {event_type} breaks the contract: {}", chain(&error));
                std::future::ready(Err(HandlerError::permanent(message))).boxed()
            }
        });
        match K::NAME {
            "*" => self.any.push(raw),
            name => self.by_type.entry(EventType::from(name)).or_default().push(raw),
        }
        self
    }

    /// Calls `handler` with the webhooks of this type, without reading their data. Use it for a type that this SDK does
    /// not know, or when the handler has to run even if the data cannot be read.
    #[must_use]
    pub fn on_type<F>(
        mut self,
        event_type: EventType,
        handler: impl Fn(Webhook) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.by_type.entry(event_type).or_default().push(boxed(handler));
        self
    }

    /// Calls `handler` with the webhooks of a group of types: `application` for every type that begins with
    /// `application.`, known to this SDK or not.
    #[must_use]
    pub fn on_group<F>(mut self, group: &str, handler: impl Fn(Webhook) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.by_group
            .entry(group.into())
            .or_default()
            .push(boxed(handler));
        self
    }

    /// Calls `handler` with the webhooks whose type this SDK does not know. Their data is
    /// [raw JSON](revento_core::Envelope::data_json).
    #[must_use]
    pub fn on_unknown<F>(mut self, handler: impl Fn(Webhook) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.unknown.push(boxed(handler));
        self
    }

    /// Calls `handler` with every webhook, of known and unknown types, without reading its data.
    #[must_use]
    pub fn on_any<F>(mut self, handler: impl Fn(Webhook) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.any.push(boxed(handler));
        self
    }

    /// Removes the handler that was registered last for this type.
    #[must_use]
    pub fn without_last(mut self, event_type: &EventType) -> Self {
        if let Some(handlers) = self.by_type.get_mut(event_type) {
            handlers.pop();
        }
        self
    }

    /// Calls `hook` for each failed attempt after its outcome is stored, for example to count it or to page somebody.
    /// A later hook replaces an earlier one.
    ///
    /// When the hook fails, panics or exceeds [`Policy::handler_timeout`](crate::Policy::handler_timeout), the runner
    /// logs it and goes on.
    #[must_use]
    pub fn on_failure<F>(mut self, hook: impl Fn(Failure) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.on_failure = Some(Arc::new(move |failure| hook(failure).boxed()));
        self
    }

    /// Calls all handlers of this webhook, one after the other. Returns their errors.
    pub(crate) async fn call(&self, webhook: &Webhook) -> Vec<HandlerError> {
        let mut errors = Vec::new();
        for handler in self.matching(&webhook.envelope.event_type) {
            errors.extend(
                catch_panic("the handler", || handler(webhook.clone()))
                    .await
                    .err(),
            );
        }
        errors
    }

    /// Calls the failure hook.
    pub(crate) async fn call_failure_hook(&self, failure: Failure) -> Outcome {
        match &self.on_failure {
            Some(hook) => catch_panic("the failure hook", || hook(failure)).await,
            None => Ok(()),
        }
    }

    fn matching(&self, event_type: &EventType) -> impl Iterator<Item = &RawHandler> {
        let group = event_type.as_str().split_once('.').map(|(group, _)| group);
        let is_unknown = matches!(event_type, EventType::Other(_));
        let specific = self.by_type.get(event_type).into_iter().flatten();
        let general = group.and_then(|group| self.by_group.get(group));
        specific
            .chain(general.into_iter().flatten())
            .chain(self.unknown.iter().filter(move |_| is_unknown))
            .chain(&self.any)
    }
}

fn boxed<F>(handler: impl Fn(Webhook) -> F + Send + Sync + 'static) -> RawHandler
where
    F: Future<Output = Outcome> + Send + 'static,
{
    Arc::new(move |webhook| handler(webhook).boxed())
}

/// Runs the integration's code. A panic becomes an error without its text, which may contain personal data.
async fn catch_panic(who: &str, work: impl FnOnce() -> BoxFuture<'static, Outcome>) -> Outcome {
    let work = AssertUnwindSafe(async { work().await });
    work.catch_unwind()
        .await
        .unwrap_or_else(|_| Err(HandlerError::retry(format!("{who} panicked"))))
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("types", &self.by_type.keys().collect::<Vec<_>>())
            .field("groups", &self.by_group.keys().collect::<Vec<_>>())
            .field("unknown", &self.unknown.len())
            .field("any", &self.any.len())
            .field("on_failure", &self.on_failure.is_some())
            .finish()
    }
}
