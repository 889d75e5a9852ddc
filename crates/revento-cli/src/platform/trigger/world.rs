//! Performs actions on the objects of a sandbox.

use anyhow::{Context, Result, bail};
use revento::types::text::printable;
use serde_json::{Map, Value, json};

use super::{happened::Happened, kind::Kind, settings::Settings};
use crate::platform::remote_sandbox::{RemoteSandbox, segment};

/// The event that the documentation uses.
const USUAL_EVENT: &str = "evt_test_published";

/// A sandbox, and the event on which something happens.
pub(crate) struct World {
    pub(crate) sandbox: RemoteSandbox,
    pub(crate) event: String,
}

impl World {
    /// The event with this id, or a connected one, or else one that is published.
    pub(crate) async fn new(sandbox: RemoteSandbox, event: Option<String>) -> Result<Self> {
        let event = match event {
            Some(event) => event,
            None => default_event(&sandbox).await?,
        };
        Ok(Self { sandbox, event })
    }

    /// Performs an action once, and says what happened.
    pub(crate) async fn perform(&self, kind: Kind, settings: &Settings) -> Result<Happened> {
        let mut happened = Happened::default();
        happened.what = match kind {
            Kind::Submitted => format!("submitted {}", self.submit(&mut happened, settings).await?),
            Kind::Approved => self.review(&mut happened, settings, "approve").await?,
            Kind::Rejected => self.review(&mut happened, settings, "reject").await?,
            Kind::RevisionRequested => self.review(&mut happened, settings, "request-revision").await?,
            Kind::Registered => self.register(&mut happened, settings).await?,
            Kind::ProfileUpdated => self.rename(&mut happened, settings).await?,
            Kind::ActivityUpdated => self.change_activity(&mut happened, settings).await?,
            Kind::CapacityStateChanged => self.change_signups(&mut happened, settings).await?,
            Kind::Published => {
                self.publish(&mut happened, "unpublished", "unpublish", "publish")
                    .await?
            }
            Kind::Unpublished => {
                self.publish(&mut happened, "published", "publish", "unpublish")
                    .await?
            }
            Kind::RevokedAccess => self.revoke_access(&mut happened).await?,
            Kind::DeletionRequired => {
                let path = format!("/connections/{}/revoke", segment(&self.event));
                self.act(&mut happened, &path, json!({})).await?;
                format!("revoked the connection to {}", printable(&self.event))
            }
            Kind::Suspended => self.suspend(&mut happened).await?,
        };
        Ok(happened)
    }

    /// Sends a test delivery: nothing happens on the platform.
    pub(crate) async fn test(&self, body: Map<String, Value>) -> Result<Happened> {
        let mut happened = Happened::default();
        let name = body.get("type").and_then(Value::as_str).unwrap_or_default();
        happened.what = format!("test delivery of {}", printable(name));
        self.act(&mut happened, "/deliveries/test", body.into()).await?;
        Ok(happened)
    }

    /// Connects the event, if it is not connected. True if it was not.
    pub(crate) async fn connect(&self) -> Result<bool> {
        if connected(&self.sandbox).await?.contains(&self.event) {
            return Ok(false);
        }
        let body = json!({ "event_id": self.event });
        self.sandbox.post("/connect", &body).await?;
        Ok(true)
    }

    async fn act(&self, happened: &mut Happened, path: &str, body: Value) -> Result<Value> {
        let answer = self.sandbox.post(path, &body).await?;
        happened.note(&answer);
        Ok(answer)
    }

    async fn submit(&self, happened: &mut Happened, settings: &Settings) -> Result<String> {
        let body = json!({ "event_id": self.event, "custom_form_fields": settings.form });
        text(&self.act(happened, "/applications", body).await?, "id")
    }

    async fn applications(&self, status: &str) -> Result<Vec<Value>> {
        let query = [("event_id", self.event.as_str()), ("status", status)];
        self.sandbox.list("/applications", &query).await
    }

    /// Reviews a pending application. Answers to the form need a new one.
    async fn review(&self, happened: &mut Happened, settings: &Settings, decision: &str) -> Result<String> {
        let pending = match settings.form.is_empty() {
            true => self.applications("pending").await?,
            false => Vec::new(),
        };
        let application = match pending.first() {
            Some(application) => text(application, "id")?,
            None => self.submit(happened, settings).await?,
        };
        let path = format!("/applications/{}/{decision}", segment(&application));
        self.act(happened, &path, json!({})).await?;
        Ok(format!("{decision} {}", printable(&application)))
    }

    async fn register(&self, happened: &mut Happened, settings: &Settings) -> Result<String> {
        if !settings.form.is_empty() {
            let application = self.submit(happened, settings).await?;
            let path = format!("/applications/{}/approve", segment(&application));
            let approved = self.act(happened, &path, json!({})).await?;
            return self
                .register_one(happened, &text(&approved, "participant_id")?)
                .await;
        }
        let approved = self.applications("approved").await?;
        let mut refusal = anyhow::anyhow!("no application to {} is approved", printable(&self.event));
        // Only the sandbox knows who has registered already.
        for application in &approved {
            match self
                .register_one(happened, &text(application, "participant_id")?)
                .await
            {
                Ok(what) => return Ok(what),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }

    async fn register_one(&self, happened: &mut Happened, participant: &str) -> Result<String> {
        let path = format!("/participants/{}/register", segment(participant));
        self.act(happened, &path, json!({})).await?;
        Ok(format!("registered {}", printable(participant)))
    }

    async fn applicant(&self) -> Result<String> {
        let approved = self.applications("approved").await?;
        let nobody = || format!("nobody's application to {} is approved", printable(&self.event));
        text(approved.first().with_context(nobody)?, "user_id")
    }

    async fn rename(&self, happened: &mut Happened, settings: &Settings) -> Result<String> {
        let user = self.applicant().await?;
        let mut change = settings.fields.clone();
        if change.is_empty() {
            let row = self.listed("users", &user).await?;
            // Each time another name, so that each time is a change.
            change.insert(
                "given_name".to_owned(),
                toggled(&text(&row, "given_name")?, " the Second"),
            );
        }
        self.act(happened, &format!("/users/{}", segment(&user)), change.into())
            .await?;
        Ok(format!("renamed {}", printable(&user)))
    }

    async fn activity(&self) -> Result<Value> {
        let seed = self.sandbox.get("/seed").await?;
        members(&seed, "activities")
            .find(|row| row.get("event_id").and_then(Value::as_str) == Some(&self.event))
            .cloned()
            .with_context(|| format!("{} has no activities", printable(&self.event)))
    }

    async fn change_activity(&self, happened: &mut Happened, settings: &Settings) -> Result<String> {
        let activity = self.activity().await?;
        let mut change = settings.fields.clone();
        if change.is_empty() {
            change.insert(
                "title".to_owned(),
                toggled(&text(&activity, "title")?, " (new room)"),
            );
        }
        self.change(happened, &activity, change).await
    }

    async fn change_signups(&self, happened: &mut Happened, settings: &Settings) -> Result<String> {
        let activity = self.activity().await?;
        let mut change = settings.fields.clone();
        if change.is_empty() {
            let number = |name: &str| activity.get(name).and_then(Value::as_u64).unwrap_or(0);
            let (capacity, signups) = (number("capacity"), number("signups"));
            let target = if signups < capacity { capacity } else { 0 };
            change.insert("signups".to_owned(), target.into());
        }
        self.change(happened, &activity, change).await
    }

    async fn change(
        &self,
        happened: &mut Happened,
        activity: &Value,
        change: Map<String, Value>,
    ) -> Result<String> {
        let id = text(activity, "id")?;
        self.act(happened, &format!("/activities/{}", segment(&id)), change.into())
            .await?;
        Ok(format!("changed {}", printable(&id)))
    }

    /// Publishing what is published changes nothing, so the opposite comes first.
    async fn publish(
        &self,
        happened: &mut Happened,
        needed: &str,
        opposite: &str,
        action: &str,
    ) -> Result<String> {
        let event = self.listed("events", &self.event).await?;
        let base = format!("/events/{}", segment(&self.event));
        if text(&event, "publish_status")? != needed {
            self.act(happened, &format!("{base}/{opposite}"), json!({}))
                .await?;
        }
        self.act(happened, &format!("{base}/{action}"), json!({})).await?;
        Ok(format!("{action} {}", printable(&self.event)))
    }

    async fn revoke_access(&self, happened: &mut Happened) -> Result<String> {
        let user = self.applicant().await?;
        let sign_in = json!({ "event_id": self.event, "user_id": user });
        let signed_in = self.sandbox.post("/connect", &sign_in).await;
        signed_in.with_context(|| format!("{} cannot sign in", printable(&user)))?;
        let path = format!("/users/{}/revoke", segment(&user));
        self.act(happened, &path, json!({})).await?;
        Ok(format!("{} signed in and revoked the access", printable(&user)))
    }

    async fn suspend(&self, happened: &mut Happened) -> Result<String> {
        let directory = self.sandbox.get("/directory").await?;
        let integration = members(&directory, "integrations")
            .next()
            .context("there is no integration")?;
        let client_id = text(integration, "client_id")?;
        let path = format!("/integrations/{}", segment(&client_id));
        self.act(happened, &format!("{path}/suspend"), json!({})).await?;
        Ok(format!(
            "suspended {}; the console or POST /_sandbox{path}/reinstate undoes it",
            printable(&client_id)
        ))
    }

    /// A row of the directory.
    async fn listed(&self, table: &str, id: &str) -> Result<Value> {
        let directory = self.sandbox.get("/directory").await?;
        members(&directory, table)
            .find(|row| row.get("id").and_then(Value::as_str) == Some(id))
            .cloned()
            .with_context(|| format!("the sandbox has no {} in its {table}", printable(id)))
    }
}

/// The events that are connected.
async fn connected(sandbox: &RemoteSandbox) -> Result<Vec<String>> {
    let connections = sandbox.list::<&str>("/connections", &[]).await?;
    let is_live = |row: &&Value| row.get("status").and_then(Value::as_str) == Some("active");
    connections
        .iter()
        .filter(is_live)
        .map(|row| text(row, "event_id"))
        .collect()
}

async fn default_event(sandbox: &RemoteSandbox) -> Result<String> {
    let connected = connected(sandbox).await?;
    let directory = sandbox.get("/directory").await?;
    let is_formal = |id: Option<&Value>| {
        members(&directory, "organizations")
            .any(|row| row.get("id") == id && row.get("formal").and_then(Value::as_bool) == Some(true))
    };
    // Events of an organization that is not formal cannot be connected, so they come last.
    let mut published: Vec<&Value> = members(&directory, "events")
        .filter(|row| row.get("publish_status").and_then(Value::as_str) == Some("published"))
        .collect();
    published.sort_by_key(|row| {
        let is_usual = row.get("id").and_then(Value::as_str) == Some(USUAL_EVENT);
        (!is_formal(row.get("organization_id")), !is_usual)
    });
    let usual = connected.iter().find(|id| *id == USUAL_EVENT);
    match (usual.or(connected.first()), published.first()) {
        (Some(id), _) => Ok(id.clone()),
        (None, Some(row)) => text(row, "id"),
        (None, None) => bail!("no event of the sandbox is published: name one with --event"),
    }
}

fn toggled(text: &str, suffix: &str) -> Value {
    let shorter = text.strip_suffix(suffix).map(ToOwned::to_owned);
    shorter.unwrap_or_else(|| format!("{text}{suffix}")).into()
}

fn members<'v>(directory: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    directory
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text(row: &Value, field: &str) -> Result<String> {
    match row.get(field).and_then(Value::as_str) {
        Some(text) => Ok(text.to_owned()),
        None => bail!("the sandbox's answer has no {field}: is it a sandbox of this version?"),
    }
}
