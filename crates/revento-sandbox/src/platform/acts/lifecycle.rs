//! What ends a token (contract section 2.6): one function per row, each with its cascade and its webhooks.

use serde_json::json;

use super::emit::{self, Subject};
use super::{Refused, Scene};
use crate::decisions;
use crate::platform::config::Integration;
use crate::platform::oauth::tokens;
use crate::platform::records::{Connection, Flow, Listing, PublishStatus, Revocation, Standing};
use crate::platform::state::State;

/// The organizer revokes one connection.
pub(crate) fn revoke_connection(
    state: &mut State,
    scene: Scene<'_>,
    client_id: &str,
    event_id: &str,
) -> Result<(), Refused> {
    let connection = tokens::connection(state, client_id, event_id)
        .cloned()
        .ok_or_else(|| {
            Refused::NotFound(format!(
                "'{client_id}' is not connected to '{event_id}', so there is nothing to revoke."
            ))
        })?;
    end(state, scene, &connection, "connection_revoked");
    Ok(())
}

/// The event is archived: every connection to it ends.
pub(crate) fn archive_event(state: &mut State, scene: Scene<'_>, event_id: &str) -> Result<(), Refused> {
    let archived = state
        .events
        .change(event_id, |event| {
            let before = std::mem::replace(&mut event.publish_status, PublishStatus::Archived);
            event.updated_at = scene.now;
            before != PublishStatus::Archived
        })
        .ok_or_else(|| Refused::missing("event", event_id))?;
    if !archived {
        return Err(Refused::Conflict(format!("'{event_id}' is archived already.")));
    }
    end_all(state, scene, "event_archived", |connection| {
        connection.event_id == event_id
    });
    Ok(())
}

/// The organization loses its formal status: every connection of it ends.
pub(crate) fn lose_formal_status(state: &mut State, scene: Scene<'_>, id: &str) -> Result<(), Refused> {
    let was_formal = state
        .organizations
        .change(id, |organization| organization.tax_id.take().is_some())
        .ok_or_else(|| Refused::missing("organization", id))?;
    if !was_formal {
        return Err(Refused::Conflict(format!("'{id}' is not formal as it is.")));
    }
    end_all(state, scene, "organization_not_formal", |connection| {
        connection.organization_id == id
    });
    Ok(())
}

/// The owner unpublishes the integration: every connection of it ends.
pub(crate) fn unpublish_integration(
    state: &mut State,
    scene: Scene<'_>,
    client_id: &str,
) -> Result<(), Refused> {
    known(scene, client_id)?;
    list(state, scene, client_id, Listing::Unpublished)?;
    end_all(state, scene, "integration_unpublished", |connection| {
        connection.client_id == client_id
    });
    Ok(())
}

/// Revento suspends the integration: everything ends at once; one webhook, at the integration level.
pub(crate) fn suspend_integration(
    state: &mut State,
    scene: Scene<'_>,
    client_id: &str,
) -> Result<(), Refused> {
    let integration = known(scene, client_id)?;
    list(state, scene, client_id, Listing::Suspended)?;
    for connection in live(state, |connection| connection.client_id == client_id) {
        close(state, scene, &connection, "integration_suspended");
    }
    let data = json!({ "integration_id": client_id, "reason": "compliance", "suspended_at": scene.now });
    emit::tell(
        state,
        scene,
        integration,
        Subject::default(),
        "integration.suspended",
        &data,
    );
    Ok(())
}

/// The integration may be authorized again: published by its owner, or reinstated by Revento. Nothing that ended
/// comes back.
pub(crate) fn publish_integration(
    state: &mut State,
    scene: Scene<'_>,
    client_id: &str,
) -> Result<(), Refused> {
    known(scene, client_id)?;
    list(state, scene, client_id, Listing::Published)
}

/// The organization becomes formal again.
pub(crate) fn gain_formal_status(state: &mut State, id: &str, tax_id: &str) -> Result<(), Refused> {
    let was_formal = state
        .organizations
        .change(id, |organization| {
            organization.tax_id.replace(tax_id.to_owned()).is_some()
        })
        .ok_or_else(|| Refused::missing("organization", id))?;
    if was_formal {
        Err(Refused::Conflict(format!("'{id}' is formal as it is.")))
    } else {
        Ok(())
    }
}

/// How an integration stands with the platform.
pub(crate) fn listing(state: &State, client_id: &str) -> Listing {
    state
        .standings
        .get(client_id)
        .map_or(Listing::Published, |standing| standing.listing)
}

fn list(state: &mut State, scene: Scene<'_>, client_id: &str, listing: Listing) -> Result<(), Refused> {
    if self::listing(state, client_id) == listing {
        return Err(Refused::Conflict(format!(
            "'{client_id}' is {} already.",
            listing.as_str()
        )));
    }
    state.standings.put(Standing {
        client_id: client_id.to_owned(),
        listing,
        since: scene.now,
    });
    Ok(())
}

/// A participant revokes access in their settings: their tokens for the integration end, at every event.
pub(crate) fn revoke_user(
    state: &mut State,
    scene: Scene<'_>,
    client_id: &str,
    user_id: &str,
) -> Result<(), Refused> {
    let integration = known(scene, client_id)?;
    let families: Vec<_> = state
        .families
        .iter()
        .filter(|family| family.revoked.is_none() && family.client_id == client_id)
        .filter(|family| family.user_id.as_deref() == Some(user_id))
        .cloned()
        .collect();
    if families.is_empty() {
        return Err(Refused::NotFound(format!(
            "'{user_id}' is not signed in at '{client_id}'."
        )));
    }
    let mut told: Vec<String> = Vec::new();
    for family in families {
        tokens::revoke(state, scene.now, &family.id, "user_revoked_access");
        if told.contains(&family.event_id) {
            continue;
        }
        let data = json!({ "user_id": user_id, "event_id": family.event_id, "revoked_at": scene.now });
        let subject = Subject {
            event_id: Some(&family.event_id),
            organization_id: Some(&family.organization_id),
        };
        emit::tell(state, scene, integration, subject, "user.revoked_access", &data);
        told.push(family.event_id);
    }
    Ok(())
}

fn known<'a>(scene: Scene<'a>, client_id: &str) -> Result<&'a Integration, Refused> {
    scene
        .config
        .integration(client_id)
        .ok_or_else(|| Refused::missing("integration", client_id))
}

fn live(state: &State, which: impl Fn(&Connection) -> bool) -> Vec<Connection> {
    state
        .connections
        .iter()
        .filter(|row| row.ended.is_none() && which(row))
        .cloned()
        .collect()
}

fn end_all(state: &mut State, scene: Scene<'_>, reason: &str, which: impl Fn(&Connection) -> bool) {
    for connection in live(state, which) {
        end(state, scene, &connection, reason);
    }
}

/// Ends a connection and demands that its data be deleted.
fn end(state: &mut State, scene: Scene<'_>, connection: &Connection, reason: &str) {
    close(state, scene, connection, reason);
    let Some(integration) = scene.config.integration(&connection.client_id) else {
        return;
    };
    let data = json!({
        "event_id": connection.event_id,
        "organization_id": connection.organization_id,
        "deadline_at": scene.now.plus_seconds(decisions::DELETION_DEADLINE_S),
        "reason": reason,
    });
    let subject = Subject {
        event_id: Some(&connection.event_id),
        organization_id: Some(&connection.organization_id),
    };
    emit::tell(
        state,
        scene,
        integration,
        subject,
        "data.deletion_required",
        &data,
    );
}

/// Ends a connection with the installation token and all user tokens that derive from its event.
fn close(state: &mut State, scene: Scene<'_>, connection: &Connection, reason: &str) {
    let ours = |client_id: &str, event_id: &str| {
        client_id == connection.client_id && event_id == connection.event_id
    };
    let families: Vec<String> = state
        .families
        .iter()
        .filter(|family| family.revoked.is_none() && ours(&family.client_id, &family.event_id))
        .map(|family| family.id.clone())
        .collect();
    for id in families {
        tokens::revoke(state, scene.now, &id, reason);
    }
    let codes: Vec<String> = state
        .codes
        .iter()
        .filter(|code| ours(&code.client_id, &code.event_id))
        .map(|code| code.hash.clone())
        .collect();
    for hash in codes {
        state.codes.remove(&hash);
    }
    state.connections.change(&connection.id, |row| {
        row.ended = Some(Revocation {
            at: scene.now,
            reason: reason.to_owned(),
        });
    });
    state.count("connections_ended");
}

/// The state of a connection in one word: `active`, `consent_required` when nothing usable is left or the manifest
/// has declared a scope since, `revoked`.
pub(crate) fn connection_status(state: &State, scene: Scene<'_>, connection: &Connection) -> &'static str {
    if connection.ended.is_some() {
        return "revoked";
    }
    let known = |name: &String| connection.declared.is_empty() || connection.declared.contains(name);
    let grown = scene
        .config
        .integration(&connection.client_id)
        .is_some_and(|integration| integration.scopes.iter().any(|scope| !known(&scope.name)));
    let usable = state.families.iter().any(|family| {
        family.flow == Flow::Installation
            && family.client_id == connection.client_id
            && family.event_id == connection.event_id
            && family.revoked.is_none()
            && family.refresh_expires_at > scene.now
    });
    if usable && !grown {
        "active"
    } else {
        "consent_required"
    }
}
