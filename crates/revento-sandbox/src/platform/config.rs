//! The configuration of one start: addresses and registered integrations. It is never stored.

use url::Url;

use crate::decisions;
use crate::platform::hosts::AllowedHosts;
use crate::platform::records::Flow;
use crate::platform::seed::Seed;
use crate::primitives::entropy::Entropy;
use crate::primitives::secret::Secret;

/// A scope (contract §2.2).
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScopeInfo {
    pub(crate) name: &'static str,
    pub(crate) flow: Flow,
    /// What the consent page says.
    pub(crate) description: &'static str,
}

/// Every scope of the platform.
pub(crate) const SCOPES: [ScopeInfo; 5] = [
    ScopeInfo {
        name: "event.read",
        flow: Flow::Installation,
        description: "See the event: its name, dates and status",
    },
    ScopeInfo {
        name: "participants.read",
        flow: Flow::Installation,
        description: "See the participants, their applications and their answers to your form",
    },
    ScopeInfo {
        name: "program.read",
        flow: Flow::Installation,
        description: "See the program: activities, threads, locations and registration waves",
    },
    ScopeInfo {
        name: "profile.read",
        flow: Flow::User,
        description: "See your name and e-mail address",
    },
    ScopeInfo {
        name: "event.attendance",
        flow: Flow::User,
        description: "See your application to this event",
    },
];

pub(crate) fn scope_info(name: &str) -> Option<&'static ScopeInfo> {
    SCOPES.iter().find(|scope| scope.name == name)
}

/// Every webhook event type (contract §4.3).
pub(crate) const EVENT_TYPES: [&str; 13] = [
    "application.submitted",
    "application.approved",
    "application.rejected",
    "application.revision_requested",
    "participant.registered",
    "participant.profile_updated",
    "activity.updated",
    "activity.capacity_state_changed",
    decisions::EVENT_PUBLISHED,
    "event.unpublished",
    "user.revoked_access",
    "data.deletion_required",
    "integration.suspended",
];

/// A scope that a manifest declares.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredScope {
    pub(crate) name: String,
    pub(crate) required: bool,
}

/// The environment that a sandbox plays. Each has credentials of its own (contract §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Environment {
    #[default]
    Sandbox,
    Production,
}

impl Environment {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }
}

/// Who may connect an integration (contract §1).
#[derive(Debug, Clone)]
pub(crate) enum Audience {
    /// Any formal organization: the integration is in the catalog.
    Public,
    /// Only this organization.
    InHouse(String),
}

/// A registered integration: its manifest and its credentials.
#[derive(Debug, Clone)]
pub(crate) struct Integration {
    pub(crate) client_id: String,
    /// `None` for a public client.
    pub(crate) client_secret: Option<Secret>,
    /// `None` if no webhook type is declared.
    pub(crate) webhook_secret: Option<Secret>,
    pub(crate) name: String,
    pub(crate) publisher: String,
    pub(crate) website: String,
    pub(crate) support: String,
    pub(crate) audience: Audience,
    pub(crate) scopes: Vec<DeclaredScope>,
    pub(crate) event_types: Vec<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) webhook_url: Option<String>,
    /// The page of the integration that the organizer's panel opens to connect an event.
    pub(crate) connect_url: Option<String>,
}

impl Integration {
    /// The example integration, which is registered without a manifest. Its credentials are visibly for tests.
    pub(crate) fn example(
        environment: Environment,
        redirect_uris: Vec<String>,
        webhook_url: Option<String>,
    ) -> Self {
        let environment = environment.as_str();
        let declared = [
            ("event.read", true),
            ("participants.read", true),
            ("program.read", false),
            ("profile.read", true),
            ("event.attendance", false),
        ];
        let client_secret = format!("sk_{environment}_Example-Secret-For-Tests-Only-0001");
        let webhook_secret = format!("whsec_{environment}_Example-Signing-Key-For-Tests-Only-0001");
        Self {
            client_id: format!("int_{environment}_example"),
            client_secret: Some(Secret::new(client_secret)),
            webhook_secret: Some(Secret::new(webhook_secret)),
            name: "Example Integration".to_owned(),
            publisher: "Example Software Ltd".to_owned(),
            website: "https://integration.example".to_owned(),
            support: "support@integration.example".to_owned(),
            audience: Audience::Public,
            scopes: declared
                .into_iter()
                .map(|(name, required)| DeclaredScope {
                    name: name.to_owned(),
                    required,
                })
                .collect(),
            event_types: EVENT_TYPES.iter().map(|&name| name.to_owned()).collect(),
            redirect_uris,
            webhook_url,
            connect_url: None,
        }
    }

    pub(crate) fn declared(&self, scope: &str) -> Option<&DeclaredScope> {
        self.scopes.iter().find(|declared| declared.name == scope)
    }

    pub(crate) fn requires(&self, scope: &str) -> bool {
        self.declared(scope).is_some_and(|declared| declared.required)
    }
}

/// The configuration of one start.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) auth_base: String,
    pub(crate) environment: Environment,
    /// The path of the public URL, without a slash at its end; usually empty.
    pub(crate) path_prefix: String,
    /// The names under which the sandbox may be called.
    pub(crate) hosts: AllowedHosts,
    /// Whether the test data is restored every week.
    pub(crate) reset_weekly: bool,
    /// Whether webhooks may go to other hosts than this machine.
    pub(crate) remote_webhooks: bool,
    pub(crate) integrations: Vec<Integration>,
    pub(crate) seed: Seed,
    /// Whether the rate limits apply (contract §3.6).
    pub(crate) rate_limits: bool,
    /// Whether repeated 429s suspend an integration for a while.
    pub(crate) suspend_repeat_offenders: bool,
    /// The source of tokens, codes and ids.
    pub(crate) entropy: Entropy,
}

impl Config {
    /// The origin under which browsers see the sandbox.
    pub(crate) fn origin(&self) -> &str {
        self.auth_base
            .strip_suffix(&self.path_prefix)
            .unwrap_or(&self.auth_base)
    }

    /// Whether a page of this origin may call the platform from a browser: it is the origin of a public client's redirect
    /// URI.
    pub(crate) fn is_origin_of_public_client(&self, origin: &str) -> bool {
        let public = self.integrations.iter().filter(|row| row.client_secret.is_none());
        public.flat_map(|row| &row.redirect_uris).any(|uri| {
            Url::parse(uri).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == origin
            })
        })
    }

    pub(crate) fn integration(&self, client_id: &str) -> Option<&Integration> {
        self.integrations
            .iter()
            .find(|integration| integration.client_id == client_id)
    }
}
