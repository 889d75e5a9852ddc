//! Converts a [`Record`] to the fields of a hash and back. A hash has no field for `None`.

use std::collections::HashMap;

use redis::{RedisError, ScriptInvocation};
use revento_core::{Connection, ConnectionKey, ConnectionStatus, Scopes, StatusReason, Timestamp};
use revento_store::{Record, Sealed, Stored, Version};

use crate::{
    error::unreadable,
    keys::{time_of, time_text},
};

/// The member of the sorted set of connections that are due; empty if the connection is not live.
pub(crate) fn due_member(connection: &Connection) -> String {
    if connection.status.is_live() {
        format!("{}{}", time_text(connection.refresh_expires_at), connection.key)
    } else {
        String::new()
    }
}

/// Adds fields and values as arguments of a script.
pub(crate) fn write(call: &mut ScriptInvocation<'_>, record: &Record) {
    let Record { connection, tokens } = record;
    let mut text = |field: &str, value: &str| {
        call.arg(field).arg(value);
    };
    text("client_id", connection.key.client_id.as_str());
    text("event_id", connection.key.event_id.as_str());
    text("status", connection.status.as_str());
    text("scopes", &connection.scopes.to_string());
    text("generation", &connection.generation.to_string());
    if let Some(user_id) = &connection.key.user_id {
        text("user_id", user_id.as_str());
    }
    if let Some(organization_id) = &connection.organization_id {
        text("organization_id", organization_id.as_str());
    }
    if let Some(reason) = &connection.reason {
        text("reason", reason.as_str());
    }
    if let Some(delete_by) = connection.delete_by {
        text("delete_by", &time_text(delete_by));
    }
    text("status_since", &time_text(connection.status_since));
    text("consented_at", &time_text(connection.consented_at));
    text("access_expires_at", &time_text(connection.access_expires_at));
    text("refresh_expires_at", &time_text(connection.refresh_expires_at));
    text("consent_expires_at", &time_text(connection.consent_expires_at));
    if let Some(sealed) = tokens {
        call.arg("tokens").arg(sealed.as_bytes());
    }
}

/// Reads a whole hash; `None` if there is none.
pub(crate) fn read(mut fields: HashMap<String, Vec<u8>>) -> Result<Option<Stored>, RedisError> {
    if fields.is_empty() {
        return Ok(None);
    }
    let tokens = fields.remove("tokens").map(Sealed::from_bytes);
    let optional = |field: &'static str| {
        let text = fields.get(field).map(|bytes| std::str::from_utf8(bytes));
        text.transpose().map_err(|_| unreadable(field))
    };
    let text = |field: &'static str| optional(field)?.ok_or_else(|| unreadable(field));
    let time = |field: &'static str| time_of(text(field)?).ok_or_else(|| unreadable(field));
    let delete_by = match optional("delete_by")? {
        Some(text) => Some(time_of(text).ok_or_else(|| unreadable("delete_by"))?),
        None => None::<Timestamp>,
    };
    let connection = Connection {
        key: ConnectionKey {
            client_id: text("client_id")?.into(),
            event_id: text("event_id")?.into(),
            user_id: optional("user_id")?.map(Into::into),
        },
        organization_id: optional("organization_id")?.map(Into::into),
        status: ConnectionStatus::from(text("status")?),
        reason: optional("reason")?.map(StatusReason::from),
        status_since: time("status_since")?,
        delete_by,
        scopes: Scopes::parse(text("scopes")?),
        generation: text("generation")?
            .parse()
            .map_err(|_| unreadable("generation"))?,
        consented_at: time("consented_at")?,
        access_expires_at: time("access_expires_at")?,
        refresh_expires_at: time("refresh_expires_at")?,
        consent_expires_at: time("consent_expires_at")?,
    };
    let version = Version(text("version")?.parse().map_err(|_| unreadable("version"))?);
    Ok(Some(Stored {
        version,
        record: Record { connection, tokens },
    }))
}
