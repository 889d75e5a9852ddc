//! Webview pages: an event's navigation shows an integration's URL in a frame (contract §5).

use url::Url;

use super::error::CommandError;
use crate::platform::records::WebviewPage;
use crate::platform::rules;
use crate::platform::state::State;

/// Who a page can be visible to.
pub(crate) const VISIBILITIES: [&str; 3] = ["everyone", "participants", "organizers"];

/// A page to add.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPage {
    pub(crate) title: String,
    pub(crate) url: String,
    #[serde(default = "participants")]
    pub(crate) visibility: String,
    #[serde(default)]
    pub(crate) requires_auth: bool,
}

fn participants() -> String {
    "participants".to_owned()
}

/// Adds a page to an event's navigation.
pub(crate) fn add(state: &mut State, event_id: &str, page: NewPage) -> Result<WebviewPage, CommandError> {
    let slug = state.events.get(event_id).map(|event| event.slug.clone());
    let slug = slug.ok_or_else(|| CommandError::missing("event", event_id))?;
    let framed = Url::parse(&page.url).ok();
    if framed.as_ref().and_then(rules::frame_source).is_none() {
        return Err(CommandError::Conflict(
            "url must be an absolute http or https URL with a plain host name.".to_owned(),
        ));
    }
    if page.title.trim().is_empty() || page.title.chars().count() > 80 {
        return Err(CommandError::Conflict(
            "title must have 1 to 80 characters.".to_owned(),
        ));
    }
    if !VISIBILITIES.contains(&page.visibility.as_str()) {
        return Err(CommandError::Conflict(format!(
            "visibility must be one of {}.",
            VISIBILITIES.join(", ")
        )));
    }
    let number = state.increment(&format!("webviews_{slug}"));
    let row = WebviewPage {
        id: format!("web_{slug}_{number:02}"),
        event_id: event_id.to_owned(),
        title: page.title.trim().to_owned(),
        url: page.url,
        visibility: page.visibility,
        requires_auth: page.requires_auth,
    };
    state.webview_pages.put(row.clone());
    Ok(row)
}

/// Removes a page from the navigation.
pub(crate) fn remove(state: &mut State, id: &str) -> Result<(), CommandError> {
    state
        .webview_pages
        .remove(id)
        .map(drop)
        .ok_or_else(|| CommandError::missing("webview page", id))
}
