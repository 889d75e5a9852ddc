//! What an integration does with its webhooks.

use std::{collections::BTreeMap, fmt, panic::AssertUnwindSafe, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt};
use revento_core::EventType;

use crate::{Failure, HandlerError, Webhook};

type Outcome = Result<(), HandlerError>;
type Handler = Arc<dyn Fn(Webhook) -> BoxFuture<'static, Outcome> + Send + Sync>;
type FailureHook = Arc<dyn Fn(Failure) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// Which handlers to call for which types.
///
/// From the specific to the general: those of the type, those of its group, those for unknown types if it
/// is one, those of every type; each time in the order of their registration. All are called, also after
/// one has failed or panicked; then the delivery counts as failed and the next attempt calls all of them again.
///
/// A type that has no handler is noted as handled: sending it again would not help.
///
/// ```
/// use revento_core::EventType;
/// use revento_inbox::{HandlerError, Handlers};
///
/// let handlers = Handlers::new()
///     .on(EventType::ApplicationApproved, async |webhook| {
///         println!("{} is in, attempt {}", webhook.envelope.id, webhook.attempt);
///         Ok::<(), HandlerError>(())
///     })
///     .on_group("participant", async |webhook| {
///         println!("{}", webhook.envelope.event_type);
///         Ok::<(), HandlerError>(())
///     });
/// ```
#[derive(Clone, Default)]
pub struct Handlers {
    by_type: BTreeMap<EventType, Vec<Handler>>,
    by_group: BTreeMap<Box<str>, Vec<Handler>>,
    unknown: Vec<Handler>,
    any: Vec<Handler>,
    on_failure: Option<FailureHook>,
}

impl Handlers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `handler` for webhooks of this type. One that is registered twice is called twice.
    #[must_use]
    pub fn on<F>(
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

    /// Calls `handler` for webhooks of a group of types: `application` for `application.approved` and all
    /// others before whose dot it stands, those included that this SDK does not know.
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

    /// Calls `handler` for webhooks of a type that this SDK does not know. Their data is there as
    /// [raw JSON](revento_core::Envelope::data_json).
    #[must_use]
    pub fn on_unknown<F>(mut self, handler: impl Fn(Webhook) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.unknown.push(boxed(handler));
        self
    }

    /// Calls `handler` for webhooks of every type, those included that this SDK does not know.
    #[must_use]
    pub fn on_any<F>(mut self, handler: impl Fn(Webhook) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.any.push(boxed(handler));
        self
    }

    /// Takes the handler back that was last registered for this type, and no other.
    #[must_use]
    pub fn without_last(mut self, event_type: &EventType) -> Self {
        if let Some(handlers) = self.by_type.get_mut(event_type) {
            handlers.pop();
        }
        self
    }

    /// Calls `hook` for each attempt that failed, once its outcome is noted: to count it, or to tell somebody.
    /// A later hook replaces an earlier one.
    ///
    /// A hook that fails, panics or takes longer than a handler may is logged and changes nothing.
    #[must_use]
    pub fn on_failure<F>(mut self, hook: impl Fn(Failure) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.on_failure = Some(Arc::new(move |failure| hook(failure).boxed()));
        self
    }

    /// Calls all that want this webhook, one after the other; gives what went wrong.
    pub(crate) async fn call(&self, webhook: &Webhook) -> Vec<HandlerError> {
        let mut errors = Vec::new();
        for handler in self.wanting(&webhook.envelope.event_type) {
            errors.extend(guarded("the handler", || handler(webhook.clone())).await.err());
        }
        errors
    }

    /// Tells the hook, whose own trouble ends here.
    pub(crate) async fn tell(&self, failure: Failure) -> Outcome {
        match &self.on_failure {
            Some(hook) => guarded("the failure hook", || hook(failure)).await,
            None => Ok(()),
        }
    }

    fn wanting(&self, event_type: &EventType) -> impl Iterator<Item = &Handler> {
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

fn boxed<F>(handler: impl Fn(Webhook) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Outcome> + Send + 'static,
{
    Arc::new(move |webhook| handler(webhook).boxed())
}

/// Runs what others wrote. A panic is an error like any other, and its text, which may show data, goes nowhere.
async fn guarded(who: &str, work: impl FnOnce() -> BoxFuture<'static, Outcome>) -> Outcome {
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
