//! Reads forms from HTML, as a browser without scripts does.

use anyhow::{Context, Result};
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// What the browser sends when a button is pressed.
pub(crate) struct Submission {
    pub(crate) action: Url,
    pub(crate) fields: Vec<(String, String)>,
}

/// Finds the button with this text and returns what its form sends.
pub(crate) fn press(url: &Url, body: &str, button: &str) -> Result<Submission> {
    let page = Html::parse_document(body);
    let (forms, buttons) = (selector("form")?, selector("button")?);
    let submission = |form: ElementRef<'_>| {
        let found = form.select(&buttons).find(|element| text(*element) == button)?;
        let mut fields = filled_inputs(form);
        fields.extend(name_and_value(found));
        let action = form.value().attr("action").unwrap_or_default();
        Some(url.join(action).map(|action| Submission { action, fields }))
    };
    let found = page.select(&forms).find_map(submission);
    Ok(found.with_context(|| format!("the page has no button \"{button}\""))??)
}

/// The names and values of text and hidden inputs and of ticked checkboxes.
fn filled_inputs(form: ElementRef<'_>) -> Vec<(String, String)> {
    let Ok(inputs) = selector("input[name]:not([disabled])") else {
        return Vec::new();
    };
    let sent = |input: &ElementRef<'_>| {
        input.value().attr("type") != Some("checkbox") || input.value().attr("checked").is_some()
    };
    form.select(&inputs)
        .filter(sent)
        .filter_map(name_and_value)
        .collect()
}

fn name_and_value(element: ElementRef<'_>) -> Option<(String, String)> {
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
