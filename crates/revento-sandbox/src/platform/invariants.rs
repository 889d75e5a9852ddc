//! Properties that hold after any sequence of actions by humans and clients.

use proptest::prelude::*;

use crate::platform::commands::lifecycle;
use crate::platform::config::{Config, Environment, Integration};
use crate::platform::context::Context;
use crate::platform::hosts::AllowedHosts;
use crate::platform::oauth::authorize::{AuthorizeOutcome, evaluate};
use crate::platform::oauth::consent;
use crate::platform::oauth::exchange::exchange;
use crate::platform::oauth::params::Params;
use crate::platform::oauth::refresh::refresh;
use crate::platform::oauth::tokens::FreshPair;
use crate::platform::records::{ConsentAnswer, DeliveryStatus};
use crate::platform::seed::{self, Seed};
use crate::platform::state::State;
use crate::primitives::entropy::{Entropy, Purpose};
use crate::primitives::time::Time;

const CALLBACK: &str = "http://localhost:3000/callback";
const EVENTS: [&str; 3] = ["evt_test_published", "evt_test_summit", "evt_test_unpublished"];

#[derive(Debug, Clone)]
enum Step {
    Connect {
        event: usize,
    },
    SignIn {
        event: usize,
        user: usize,
    },
    /// Refreshes with any token that was ever issued.
    Refresh {
        token: usize,
    },
    Advance {
        days: i64,
    },
    Revoke {
        event: usize,
    },
    RevokeUser {
        user: usize,
    },
    Archive {
        event: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_usize).prop_map(|event| Step::Connect { event }),
        3 => (0..3_usize, 1..100_usize).prop_map(|(event, user)| Step::SignIn { event, user }),
        6 => (0..50_usize).prop_map(|token| Step::Refresh { token }),
        2 => (0..100_i64).prop_map(|days| Step::Advance { days }),
        1 => (0..3_usize).prop_map(|event| Step::Revoke { event }),
        1 => (1..100_usize).prop_map(|user| Step::RevokeUser { user }),
        1 => (0..3_usize).prop_map(|event| Step::Archive { event }),
    ]
}

struct Run {
    config: Config,
    state: State,
    now: Time,
    refresh_tokens: Vec<String>,
}

impl Run {
    fn new() -> Self {
        let hook = Some("http://localhost:3000/webhooks".to_owned());
        let config = Config {
            auth_base: "http://localhost:4010".to_owned(),
            environment: Environment::Sandbox,
            path_prefix: String::new(),
            hosts: AllowedHosts::default(),
            reset_weekly: false,
            remote_webhooks: false,
            integrations: vec![Integration::example(
                Environment::Sandbox,
                vec![CALLBACK.to_owned()],
                hook,
            )],
            seed: Seed::BuiltIn,
            rate_limits: true,
            suspend_repeat_offenders: false,
            entropy: Entropy::default(),
        };
        Self {
            config,
            state: seed::state(),
            now: Time::from_seconds(1_800_000_000),
            refresh_tokens: Vec::new(),
        }
    }

    fn grant(&mut self, event: usize, scope: &str, user_id: Option<String>) {
        let verifier = "v".repeat(43);
        let challenge = crate::primitives::digest::pkce_challenge(&verifier);
        let query = format!(
            "response_type=code&client_id=int_sandbox_example&redirect_uri={CALLBACK}&scope={scope}&state=s\
             &event_id={}&code_challenge={challenge}&code_challenge_method=S256",
            EVENTS[event]
        );
        let params = Params::parse(query.as_bytes());
        let id = format!("consent-{}", self.refresh_tokens.len());
        let context = Context {
            config: &self.config,
            now: self.now,
        };
        let AuthorizeOutcome::AskConsent(asked) = evaluate(&self.state, context, &params, id.clone()) else {
            return;
        };
        consent::await_answer(&mut self.state, self.now, asked);
        let answer = ConsentAnswer {
            authorize: true,
            ticked: Vec::new(),
            user_id,
        };
        let code = self.config.entropy.token(Purpose::Consent).unwrap();
        let redirect = consent::answer(&mut self.state, context, &id, &answer, code);
        let Ok(code) = redirect.unwrap().result else {
            return;
        };
        let form = format!("code={code}&redirect_uri={CALLBACK}&code_verifier={verifier}");
        let integration = &self.config.integrations[0];
        let fresh = FreshPair::draw(&self.config.entropy).unwrap();
        let params = Params::parse(form.as_bytes());
        if let Ok(issued) = exchange(&mut self.state, self.now, integration, &params, fresh) {
            self.refresh_tokens.push(issued.refresh_token);
        }
    }

    fn take(&mut self, step: &Step) {
        let client = "int_sandbox_example";
        let context = Context {
            config: &self.config,
            now: self.now,
        };
        match step {
            Step::Connect { event } => self.grant(*event, "event.read", None),
            Step::SignIn { event, user } => {
                self.grant(*event, "profile.read", Some(format!("usr_{user:04}")))
            }
            Step::Refresh { token } => {
                let Some(token) = self.refresh_tokens.get(*token).cloned() else {
                    return;
                };
                let params = Params::parse(format!("refresh_token={token}").as_bytes());
                let integration = &self.config.integrations[0];
                let fresh = FreshPair::draw(&self.config.entropy).unwrap();
                if let Ok(issued) = refresh(&mut self.state, self.now, integration, &params, fresh) {
                    self.refresh_tokens.push(issued.refresh_token);
                }
            }
            Step::Advance { days } => self.now = self.now.plus_seconds(days * 86_400),
            // An action that does not fit the present state is refused and changes nothing.
            Step::Revoke { event } => {
                let _ = lifecycle::revoke_connection(&mut self.state, context, client, EVENTS[*event]);
            }
            Step::RevokeUser { user } => {
                let _ = lifecycle::revoke_user(&mut self.state, context, client, &format!("usr_{user:04}"));
            }
            Step::Archive { event } => {
                let _ = lifecycle::archive_event(&mut self.state, context, EVENTS[*event]);
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for family in self.state.families.iter() {
            let tokens = self
                .state
                .refresh_tokens
                .iter()
                .filter(|token| token.family_id == family.id);
            let (used, unused): (Vec<_>, Vec<_>) = tokens.partition(|token| token.used_at.is_some());
            prop_assert_eq!(unused.len(), 1, "a family has one unused refresh token");
            prop_assert_eq!(used.len() + 1, usize::try_from(family.generation).unwrap());
            prop_assert!(family.refresh_expires_at <= family.capped_at);
            prop_assert!(family.access_expires_at <= family.capped_at);
            if family.revoked.is_none() {
                let connected = self.state.connections.iter().any(|row| {
                    row.event_id == family.event_id
                        && row.client_id == family.client_id
                        && row.ended.is_none()
                });
                prop_assert!(connected, "live tokens of an ended connection: {:?}", family);
            }
        }
        let due = self.state.due_deliveries().count();
        let pending = self
            .state
            .deliveries
            .iter()
            .filter(|row| row.status == DeliveryStatus::Pending)
            .count();
        prop_assert_eq!(due, pending, "the index of due deliveries is wrong");
        let ended = self.state.counter("connections_ended");
        let demanded = self
            .state
            .deliveries
            .iter()
            .filter(|row| row.event_type == "data.deletion_required")
            .count() as u64;
        prop_assert_eq!(ended, demanded, "each ended connection requires a deletion");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn tokens_connections_and_webhooks_agree(steps in prop::collection::vec(step(), 1..40)) {
        let mut run = Run::new();
        for step in &steps {
            run.take(step);
            run.check()?;
        }
    }
}
