//! What a check is.

use std::fmt;

use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::exam::{Exam, Problem};

/// One check of the catalogue.
#[non_exhaustive]
pub struct Check {
    /// The stable id, such as `signature-wrong-secret`.
    pub id: &'static str,
    /// The family.
    pub family: Family,
    /// What a good integration does, as a sentence without a full stop.
    pub title: &'static str,
    /// The section of the contract that asks for it, such as `§4.1`.
    pub section: &'static str,
    /// Whether an integration has to pass it.
    pub severity: Severity,
    /// What goes wrong in production without it.
    pub why: &'static str,
    /// How to mend an integration that fails it.
    pub mend: &'static str,
    /// Advice for a web framework that the doctor recognises.
    pub hints: &'static [(Framework, &'static str)],
    /// What the doctor has to be told to do this check.
    pub needs: &'static [Need],
    pub(crate) run: Run,
}

/// The code of a check.
pub(crate) type Run = for<'a> fn(&'a mut Exam) -> BoxFuture<'a, Result<(), Problem>>;

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Defines a check. `run` names an `async fn(&mut Exam) -> Result<(), Problem>`.
macro_rules! check {
    ($family:ident $severity:ident $section:literal $id:literal [$($need:ident),*] $title:literal
     why: $why:literal mend: $mend:literal $(hint $framework:ident: $hint:literal)* run: $run:path) => {
        $crate::check::Check {
            id: $id,
            family: $crate::check::Family::$family,
            title: $title,
            section: $section,
            severity: $crate::check::Severity::$severity,
            why: $why,
            mend: $mend,
            hints: &[$(($crate::check::Framework::$framework, $hint)),*],
            needs: &[$($crate::check::Need::$need),*],
            run: |exam| Box::pin($run(exam)),
        }
    };
}
pub(crate) use check;

/// A family of checks. They run in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Family {
    /// The signature of webhooks.
    Signature,
    /// Delivery of webhooks: deduplication, order, load.
    Delivery,
    /// The OAuth flows.
    Oauth,
    /// Tokens and their refresh.
    Tokens,
    /// Reading the API.
    Reading,
    /// What ends a connection, and deletion.
    Ending,
    /// Data at rest, and logs.
    Storage,
    /// Pages in the platform's frame.
    Webview,
}

impl Family {
    /// All families, in their order.
    pub const ALL: [Self; 8] = [
        Self::Signature,
        Self::Delivery,
        Self::Oauth,
        Self::Tokens,
        Self::Reading,
        Self::Ending,
        Self::Storage,
        Self::Webview,
    ];

    /// The name: `signature`, `delivery`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Delivery => "delivery",
            Self::Oauth => "oauth",
            Self::Tokens => "tokens",
            Self::Reading => "reading",
            Self::Ending => "ending",
            Self::Storage => "storage",
            Self::Webview => "webview",
        }
    }
}

/// Whether an integration has to pass a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// The contract asks for it, or data is lost or leaked without it. A failure fails the examination.
    Required,
    /// A good integration does it. A failure is a warning.
    Recommended,
}

/// What the doctor has to be told to do a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Need {
    /// `--connect-url`.
    ConnectUrl,
    /// `--webhook-url`.
    WebhookUrl,
    /// `--read-url`.
    ReadUrl,
    /// `--handled-url`.
    HandledUrl,
    /// `--login-url`.
    LoginUrl,
    /// `--me-url`.
    MeUrl,
    /// `--webview-url`.
    WebviewUrl,
    /// `--health-url`.
    HealthUrl,
    /// `--start`.
    Start,
    /// `--replicas`.
    Replicas,
    /// `--scan`.
    Scan,
    /// `--log`.
    Log,
}

impl Need {
    /// The option of the command that tells it.
    pub fn option(self) -> &'static str {
        match self {
            Self::ConnectUrl => "--connect-url",
            Self::WebhookUrl => "--webhook-url",
            Self::ReadUrl => "--read-url",
            Self::HandledUrl => "--handled-url",
            Self::LoginUrl => "--login-url",
            Self::MeUrl => "--me-url",
            Self::WebviewUrl => "--webview-url",
            Self::HealthUrl => "--health-url",
            Self::Start => "--start",
            Self::Replicas => "--replicas",
            Self::Scan => "--scan",
            Self::Log => "--log",
        }
    }
}

/// A web framework that the doctor recognises by the answers of an integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Framework {
    /// Express (Node).
    Express,
    /// Fastify or another server of Node.
    Node,
    /// Flask or another WSGI application (Werkzeug, gunicorn).
    Flask,
    /// FastAPI, Starlette or another ASGI application (uvicorn).
    FastApi,
    /// Django.
    Django,
    /// Go's net/http.
    Go,
    /// Java: jdk.httpserver, Jetty, Tomcat.
    Java,
    /// PHP.
    Php,
    /// Ruby: Rack, Puma, WEBrick.
    Ruby,
    /// Rust: axum or actix.
    Rust,
}

impl Framework {
    /// The name by which people know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Express => "Express",
            Self::Node => "Node",
            Self::Flask => "Flask",
            Self::FastApi => "FastAPI",
            Self::Django => "Django",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::Php => "PHP",
            Self::Ruby => "Ruby",
            Self::Rust => "Rust",
        }
    }
}
