//! `revento trigger`: makes something happen on the sandbox's platform that sends a webhook.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use revento::types::text::printable;
use serde_json::{Value, json};

use super::remote_sandbox::{RemoteSandbox, SandboxArguments};
use crate::terminal;

const DEFAULT_EVENT: &str = "evt_test_published";

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento trigger application.approved
  revento trigger application.submitted --event evt_test_published --count 50 --per-second 10
  revento trigger data.deletion_required")]
pub(crate) struct Arguments {
    /// What is to happen, named by the webhook that it sends.
    #[arg(value_name = "TYPE", required_unless_present = "list")]
    what: Option<Trigger>,
    /// List what can happen.
    #[arg(long)]
    list: bool,
    /// The event.
    #[arg(long, value_name = "ID", default_value = DEFAULT_EVENT)]
    event: String,
    /// Connect the event first, as an organizer would, if no integration is connected to it. For receivers without the OAuth
    /// flow.
    #[arg(long)]
    connect: bool,
    /// How many times.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
    /// At most so many times in a second. The default is as fast as the sandbox answers.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    per_second: Option<u32>,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

/// An action on existing objects of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Trigger {
    #[value(name = "application.submitted", help = "the next user applies to the event")]
    Submitted,
    #[value(
        name = "application.approved",
        help = "the organizer approves a pending application, or a new one"
    )]
    Approved,
    #[value(
        name = "application.rejected",
        help = "the organizer rejects a pending application, or a new one"
    )]
    Rejected,
    #[value(
        name = "application.revision_requested",
        help = "the organizer asks for a revision of an application"
    )]
    RevisionRequested,
    #[value(name = "participant.registered", help = "an approved participant registers")]
    Registered,
    #[value(
        name = "participant.profile_updated",
        help = "an applicant changes their given name"
    )]
    ProfileUpdated,
    #[value(
        name = "event.published",
        help = "the organizer publishes the event (unpublishes it before, if need be)"
    )]
    Published,
    #[value(
        name = "event.unpublished",
        help = "the organizer unpublishes the event (publishes it before, if need be)"
    )]
    Unpublished,
    #[value(
        name = "data.deletion_required",
        help = "the organizer revokes the connection to the event"
    )]
    DeletionRequired,
    #[value(
        name = "integration.suspended",
        help = "Revento suspends the integration: all its connections end"
    )]
    Suspended,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let Some(what) = arguments.what else {
        print_list();
        return Ok(());
    };
    let world = World {
        sandbox: RemoteSandbox::find(&arguments.sandbox).await?,
        event: arguments.event,
    };
    if arguments.connect {
        world.connect().await?;
    } else if !world.is_connected().await? {
        terminal::print_warning(&format!(
            "no integration is connected to {}, so the sandbox sends no webhook: connect it in the browser, or give --connect",
            printable(&world.event)
        ));
    }
    let pause = arguments.per_second.map(|rate| Duration::from_secs(1) / rate);
    for done in 0..arguments.count {
        if let Some(pause) = pause.filter(|_| done > 0) {
            tokio::time::sleep(pause).await;
        }
        let happened = world
            .perform(what)
            .await
            .with_context(|| format!("triggered {done} of {}", arguments.count))?;
        terminal::print_line(&happened);
    }
    Ok(())
}

fn print_list() {
    for value in <Trigger as clap::ValueEnum>::value_variants() {
        if let Some(value) = clap::ValueEnum::to_possible_value(value) {
            let help = value.get_help().map(ToString::to_string).unwrap_or_default();
            terminal::print_line(&format!("{:32} {help}", value.get_name()));
        }
    }
}

struct World {
    sandbox: RemoteSandbox,
    event: String,
}

impl World {
    /// Performs an action once, and says what happened.
    async fn perform(&self, what: Trigger) -> Result<String> {
        match what {
            Trigger::Submitted => self.submit().await.map(|id| format!("submitted {id}")),
            Trigger::Approved => self.review("approve").await,
            Trigger::Rejected => self.review("reject").await,
            Trigger::RevisionRequested => self.review("request-revision").await,
            Trigger::Registered => self.register().await,
            Trigger::ProfileUpdated => self.rename().await,
            Trigger::Published => self.publish("unpublished", "unpublish", "publish").await,
            Trigger::Unpublished => self.publish("published", "publish", "unpublish").await,
            Trigger::DeletionRequired => {
                let path = format!("/connections/{}/revoke", self.event);
                self.sandbox.post(&path, &json!({})).await?;
                Ok(format!("revoked the connection to {}", printable(&self.event)))
            }
            Trigger::Suspended => self.suspend().await,
        }
    }

    async fn is_connected(&self) -> Result<bool> {
        let connections = self.sandbox.list("/connections", &[]).await?;
        let is_this = |row: &Value| row.get("event_id").and_then(Value::as_str) == Some(&self.event);
        let is_live = |row: &Value| row.get("status").and_then(Value::as_str) == Some("active");
        Ok(connections.iter().any(|row| is_this(row) && is_live(row)))
    }

    async fn connect(&self) -> Result<()> {
        if !self.is_connected().await? {
            self.sandbox
                .post("/connect", &json!({ "event_id": self.event }))
                .await?;
        }
        Ok(())
    }

    async fn submit(&self) -> Result<String> {
        let body = json!({ "event_id": self.event });
        id(&self.sandbox.post("/applications", &body).await?)
    }

    async fn applications(&self, status: &str) -> Result<Vec<Value>> {
        let query = [("event_id", self.event.as_str()), ("status", status)];
        self.sandbox.list("/applications", &query).await
    }

    async fn review(&self, decision: &str) -> Result<String> {
        let pending = self.applications("pending").await?;
        let application = match pending.first() {
            Some(application) => id(application)?,
            None => self.submit().await?,
        };
        self.sandbox
            .post(&format!("/applications/{application}/{decision}"), &json!({}))
            .await?;
        Ok(format!("{decision} {application}"))
    }

    async fn register(&self) -> Result<String> {
        let approved = self.applications("approved").await?;
        let mut refusal = anyhow::anyhow!("no application to {} is approved", printable(&self.event));
        // Only the sandbox knows who has registered already.
        for application in &approved {
            let participant = text(application, "participant_id")?;
            match self
                .sandbox
                .post(&format!("/participants/{participant}/register"), &json!({}))
                .await
            {
                Ok(_) => return Ok(format!("registered {participant}")),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    async fn rename(&self) -> Result<String> {
        let approved = self.applications("approved").await?;
        let user = text(
            approved.first().context("nobody's application is approved")?,
            "user_id",
        )?;
        let directory = self.sandbox.get("/directory", &[]).await?;
        let name = members(&directory, "users")
            .find(|row| row.get("id").and_then(Value::as_str) == Some(&user))
            .map(|row| text(row, "given_name"))
            .context("the sandbox does not know the applicant")??;
        // Each time another name, so that each time is a change.
        let name = name
            .strip_suffix(" the Second")
            .map_or(format!("{name} the Second"), ToOwned::to_owned);
        self.sandbox
            .post(&format!("/users/{user}"), &json!({ "given_name": name }))
            .await?;
        Ok(format!("renamed {user}"))
    }

    /// Publishing what is published changes nothing, so the opposite comes first.
    async fn publish(&self, needed: &str, opposite: &str, action: &str) -> Result<String> {
        let directory = self.sandbox.get("/directory", &[]).await?;
        let status = members(&directory, "events")
            .find(|row| row.get("id").and_then(Value::as_str) == Some(&self.event))
            .map(|row| text(row, "publish_status"))
            .with_context(|| format!("there is no event {}", printable(&self.event)))??;
        if status != needed {
            self.sandbox
                .post(&format!("/events/{}/{opposite}", self.event), &json!({}))
                .await?;
        }
        self.sandbox
            .post(&format!("/events/{}/{action}", self.event), &json!({}))
            .await?;
        Ok(format!("{action} {}", printable(&self.event)))
    }

    async fn suspend(&self) -> Result<String> {
        let directory = self.sandbox.get("/directory", &[]).await?;
        let integration = members(&directory, "integrations")
            .next()
            .context("there is no integration")?;
        let client_id = text(integration, "client_id")?;
        self.sandbox
            .post(&format!("/integrations/{client_id}/suspend"), &json!({}))
            .await?;
        Ok(format!(
            "suspended {client_id}; the console or POST /_sandbox/integrations/{client_id}/reinstate undoes it"
        ))
    }
}

fn members<'v>(directory: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    directory
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn id(row: &Value) -> Result<String> {
    text(row, "id")
}

/// A text that becomes a part of a path, so it is an id or a word.
fn text(row: &Value, field: &str) -> Result<String> {
    match row.get(field).and_then(Value::as_str) {
        Some(text) if !text.contains(['/', '?', '#', '%']) => Ok(text.to_owned()),
        _ => bail!("the sandbox's answer has no {field}"),
    }
}
