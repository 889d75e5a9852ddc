//! The parts of an entry: who may connect it, what it declares, and where it is.

use super::{Entry, Mistake, Type};
use crate::platform::config::{Audience, DeclaredScope, EVENT_TYPES, SCOPES, scope_info};
use crate::platform::rules;

/// Checks that the addresses of an entry can be registered.
pub(super) fn addresses(entry: &Entry, remote_webhooks: bool) -> Result<(), Mistake> {
    for uri in &entry.redirect_uris {
        if let Some(objection) = rules::redirect_objection(uri.get_ref()) {
            return Err(Mistake(
                uri.span().start,
                format!("this redirect URI cannot be registered: {objection}"),
            ));
        }
    }
    if let Some(url) = &entry.webhook_url
        && let Some(objection) = rules::webhook_objection(url.get_ref(), remote_webhooks)
    {
        return Err(Mistake(
            url.span().start,
            format!("this webhook URL cannot be registered: {objection}"),
        ));
    }
    if let Some(url) = &entry.connect_url
        && let Some(objection) = rules::connect_objection(url.get_ref())
    {
        return Err(Mistake(
            url.span().start,
            format!("this connect URL cannot be registered: {objection}"),
        ));
    }
    Ok(())
}

/// Who may connect the integration.
pub(super) fn audience(entry: &Entry, organizations: &[&str]) -> Result<Audience, Mistake> {
    match (entry.kind, &entry.organization_id) {
        (Type::Public, None) => Ok(Audience::Public),
        (Type::Public, Some(id)) => Err(Mistake(
            id.span().start,
            "organization_id is only allowed with type = \"in_house\"".to_owned(),
        )),
        (Type::InHouse, None) => {
            let text = "an in-house integration belongs to an organization; add organization_id";
            Err(Mistake(entry.name.span().start, text.to_owned()))
        }
        (Type::InHouse, Some(id)) if organizations.contains(&id.get_ref().as_str()) => {
            Ok(Audience::InHouse(id.get_ref().clone()))
        }
        (Type::InHouse, Some(id)) => {
            let text = format!(
                "there is no organization `{}`; the organizations are {}",
                id.get_ref(),
                organizations.join(", ")
            );
            Err(Mistake(id.span().start, text))
        }
    }
}

/// The declared scopes.
pub(super) fn scopes(entry: &Entry) -> Result<Vec<DeclaredScope>, Mistake> {
    let mut found: Vec<DeclaredScope> = Vec::new();
    let required = entry.scopes.required.iter().map(|scope| (scope, true));
    for (scope, required) in required.chain(entry.scopes.optional.iter().map(|scope| (scope, false))) {
        let name = scope.get_ref();
        if scope_info(name).is_none() {
            let known = SCOPES.map(|scope| scope.name).join(", ");
            return Err(Mistake(
                scope.span().start,
                format!("there is no scope `{name}`; the scopes are {known}"),
            ));
        }
        if found.iter().any(|known| known.name == *name) {
            return Err(Mistake(
                scope.span().start,
                format!("the scope `{name}` is declared twice"),
            ));
        }
        found.push(DeclaredScope {
            name: name.clone(),
            required,
        });
    }
    if found.is_empty() {
        return Err(Mistake(
            entry.name.span().start,
            "no scope is declared; add scopes.required or scopes.optional".to_owned(),
        ));
    }
    Ok(found)
}

/// The declared webhook types; all of them if the entry lists none.
pub(super) fn event_types(entry: &Entry) -> Result<Vec<String>, Mistake> {
    let Some(listed) = &entry.declared_webhook_event_types else {
        return Ok(EVENT_TYPES.map(str::to_owned).to_vec());
    };
    for name in listed {
        if !EVENT_TYPES.contains(&name.get_ref().as_str()) {
            let text = format!(
                "there is no webhook type `{}`; the types are {}",
                name.get_ref(),
                EVENT_TYPES.join(", ")
            );
            return Err(Mistake(name.span().start, text));
        }
    }
    Ok(listed.iter().map(|name| name.get_ref().clone()).collect())
}
