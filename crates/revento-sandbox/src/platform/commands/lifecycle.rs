//! What ends a token (contract §2.6): one function for each cause, with the effects and the webhooks.

use super::error::CommandError;
use super::payloads;
use super::webhooks::{self, Subject};
use crate::platform::config::Integration;
use crate::platform::context::Context;
use crate::platform::oauth::tokens;
use crate::platform::queries::{connections, integrations};
use crate::platform::records::{Connection, IntegrationStatus, Listing, PublishStatus, Revocation};
use crate::platform::state::State;

/// The organizer revokes a connection.
pub(crate) fn revoke_connection(
    state: &mut State,
    context: Context<'_>,
    client_id: &str,
    event_id: &str,
) -> Result<(), CommandError> {
    let connection = connections::live(state, client_id, event_id)
        .cloned()
        .ok_or_else(|| {
            CommandError::NotFound(format!(
                "'{client_id}' is not connected to '{event_id}', so there is nothing to revoke."
            ))
        })?;
    end(state, context, &connection, "connection_revoked");
    Ok(())
}

/// The organizer archives an event: its connections end.
pub(crate) fn archive_event(
    state: &mut State,
    context: Context<'_>,
    event_id: &str,
) -> Result<(), CommandError> {
    let archived = state
        .events
        .change(event_id, |event| {
            let before = std::mem::replace(&mut event.publish_status, PublishStatus::Archived);
            event.updated_at = context.now;
            before != PublishStatus::Archived
        })
        .ok_or_else(|| CommandError::missing("event", event_id))?;
    if !archived {
        return Err(CommandError::Conflict(format!(
            "'{event_id}' is already archived."
        )));
    }
    end_all(state, context, "event_archived", &all(context), |connection| {
        connection.event_id == event_id
    });
    Ok(())
}

/// The organization loses its formal status: its connections end.
pub(crate) fn lose_formal_status(
    state: &mut State,
    context: Context<'_>,
    id: &str,
) -> Result<(), CommandError> {
    let was_formal = state
        .organizations
        .change(id, |organization| organization.tax_id.take().is_some())
        .ok_or_else(|| CommandError::missing("organization", id))?;
    if !was_formal {
        return Err(CommandError::Conflict(format!("'{id}' is already not formal.")));
    }
    end_all(
        state,
        context,
        "organization_not_formal",
        &all(context),
        |connection| connection.organization_id == id,
    );
    Ok(())
}

/// The owner unpublishes the integration: its connections end.
pub(crate) fn unpublish_integration(
    state: &mut State,
    context: Context<'_>,
    client_id: &str,
) -> Result<(), CommandError> {
    let integration = integration(context, client_id)?;
    set_listing(state, context, client_id, Listing::Unpublished)?;
    end_all(
        state,
        context,
        "integration_unpublished",
        &[integration],
        |connection| connection.client_id == client_id,
    );
    Ok(())
}

/// Revento suspends the integration: everything ends at once. One webhook at the integration level is sent.
pub(crate) fn suspend_integration(
    state: &mut State,
    context: Context<'_>,
    client_id: &str,
) -> Result<(), CommandError> {
    let integration = integration(context, client_id)?;
    set_listing(state, context, client_id, Listing::Suspended)?;
    for connection in live(state, |connection| connection.client_id == client_id) {
        close(state, context, &connection, "integration_suspended");
    }
    let data = payloads::suspension(client_id, context.now);
    webhooks::enqueue(
        state,
        context,
        integration,
        Subject::default(),
        "integration.suspended",
        &data,
    );
    Ok(())
}

/// The owner publishes the integration again, or Revento reinstates it. What has ended stays ended.
pub(crate) fn publish_integration(
    state: &mut State,
    context: Context<'_>,
    client_id: &str,
) -> Result<(), CommandError> {
    integration(context, client_id)?;
    set_listing(state, context, client_id, Listing::Published)
}

/// The organization becomes formal again.
pub(crate) fn gain_formal_status(state: &mut State, id: &str, tax_id: &str) -> Result<(), CommandError> {
    let was_formal = state
        .organizations
        .change(id, |organization| {
            organization.tax_id.replace(tax_id.to_owned()).is_some()
        })
        .ok_or_else(|| CommandError::missing("organization", id))?;
    if was_formal {
        Err(CommandError::Conflict(format!("'{id}' is already formal.")))
    } else {
        Ok(())
    }
}

fn set_listing(
    state: &mut State,
    context: Context<'_>,
    client_id: &str,
    listing: Listing,
) -> Result<(), CommandError> {
    if integrations::listing(state, client_id) == listing {
        return Err(CommandError::Conflict(format!(
            "'{client_id}' is already {}.",
            listing.as_str()
        )));
    }
    state.standings.put(IntegrationStatus {
        client_id: client_id.to_owned(),
        listing,
        since: context.now,
    });
    Ok(())
}

/// A participant revokes access in their settings: their tokens for the integration end, for every event.
pub(crate) fn revoke_user(
    state: &mut State,
    context: Context<'_>,
    client_id: &str,
    user_id: &str,
) -> Result<(), CommandError> {
    let integration = integration(context, client_id)?;
    let families: Vec<_> = state
        .families
        .iter()
        .filter(|family| family.revoked.is_none() && family.client_id == client_id)
        .filter(|family| family.user_id.as_deref() == Some(user_id))
        .cloned()
        .collect();
    if families.is_empty() {
        return Err(CommandError::NotFound(format!(
            "'{user_id}' is not signed in to '{client_id}'."
        )));
    }
    let mut notified: Vec<String> = Vec::new();
    for family in families {
        tokens::revoke(state, context.now, &family.id, "user_revoked_access");
        if notified.contains(&family.event_id) {
            continue;
        }
        let data = payloads::user_revocation(user_id, &family.event_id, context.now);
        let subject = Subject {
            event_id: Some(&family.event_id),
            organization_id: Some(&family.organization_id),
        };
        webhooks::enqueue(state, context, integration, subject, "user.revoked_access", &data);
        notified.push(family.event_id);
    }
    Ok(())
}

fn integration<'a>(context: Context<'a>, client_id: &str) -> Result<&'a Integration, CommandError> {
    context
        .config
        .integration(client_id)
        .ok_or_else(|| CommandError::missing("integration", client_id))
}

fn live(state: &State, which: impl Fn(&Connection) -> bool) -> Vec<Connection> {
    state
        .connections
        .iter()
        .filter(|row| row.ended.is_none() && which(row))
        .cloned()
        .collect()
}

fn all(context: Context<'_>) -> Vec<&Integration> {
    context.config.integrations.iter().collect()
}

/// Ends connections and requires the deletion of their data. Announces if there are none.
fn end_all(
    state: &mut State,
    context: Context<'_>,
    reason: &str,
    integrations: &[&Integration],
    which: impl Fn(&Connection) -> bool,
) {
    let ending = live(state, which);
    if ending.is_empty() {
        webhooks::announce_nothing_ended(state, integrations);
    }
    for connection in ending {
        end(state, context, &connection, reason);
    }
}

/// Ends a connection and requires the deletion of its data.
fn end(state: &mut State, context: Context<'_>, connection: &Connection, reason: &str) {
    close(state, context, connection, reason);
    let Some(integration) = context.config.integration(&connection.client_id) else {
        return;
    };
    let data = payloads::deletion(
        &connection.event_id,
        &connection.organization_id,
        reason,
        context.now,
    );
    let subject = Subject {
        event_id: Some(&connection.event_id),
        organization_id: Some(&connection.organization_id),
    };
    webhooks::enqueue(
        state,
        context,
        integration,
        subject,
        "data.deletion_required",
        &data,
    );
}

/// Ends a connection, with its installation tokens and all user tokens for its event.
fn close(state: &mut State, context: Context<'_>, connection: &Connection, reason: &str) {
    let belongs = |client_id: &str, event_id: &str| {
        client_id == connection.client_id && event_id == connection.event_id
    };
    let families: Vec<String> = state
        .families
        .iter()
        .filter(|family| family.revoked.is_none() && belongs(&family.client_id, &family.event_id))
        .map(|family| family.id.clone())
        .collect();
    for id in families {
        tokens::revoke(state, context.now, &id, reason);
    }
    let codes: Vec<String> = state
        .codes
        .iter()
        .filter(|code| belongs(&code.client_id, &code.event_id))
        .map(|code| code.hash.clone())
        .collect();
    for hash in codes {
        state.codes.remove(&hash);
    }
    state.connections.change(&connection.id, |row| {
        row.ended = Some(Revocation {
            at: context.now,
            reason: reason.to_owned(),
        });
    });
    state.increment("connections_ended");
}
