//! The consent page, as a browser without scripts meets it.

use anyhow::{Context, Result};
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// What pressing a button would send.
pub(crate) struct Pressed {
    pub(crate) action: Url,
    pub(crate) fields: Vec<(String, String)>,
}

/// Finds the button with this text and what its form sends.
pub(crate) fn press(url: &Url, body: &str, button: &str) -> Result<Pressed> {
    let page = Html::parse_document(body);
    let (forms, buttons) = (selector("form")?, selector("button")?);
    let pressed = |form: ElementRef<'_>| {
        let found = form.select(&buttons).find(|element| text(*element) == button)?;
        let mut fields = ticked(form);
        fields.extend(pair(found));
        let action = form.value().attr("action").unwrap_or_default();
        Some(url.join(action).map(|action| Pressed { action, fields }))
    };
    let found = page.select(&forms).find_map(pressed);
    Ok(found.with_context(|| format!("there is no button \"{button}\" on the page"))??)
}

/// Hidden fields, and boxes that are ticked.
fn ticked(form: ElementRef<'_>) -> Vec<(String, String)> {
    let Ok(inputs) = selector("input[name]:not([disabled])") else {
        return Vec::new();
    };
    let sent = |input: &ElementRef<'_>| {
        input.value().attr("type") != Some("checkbox") || input.value().attr("checked").is_some()
    };
    form.select(&inputs).filter(sent).filter_map(pair).collect()
}

fn pair(element: ElementRef<'_>) -> Option<(String, String)> {
    let element = element.value();
    Some((
        element.attr("name")?.to_owned(),
        element.attr("value").unwrap_or("on").to_owned(),
    ))
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

fn selector(css: &str) -> Result<Selector> {
    Selector::parse(css).map_err(|error| anyhow::anyhow!("{error}"))
}
