//! `revento trigger`: makes something happen on the sandbox's platform that sends a webhook.

mod happened;
mod kind;
mod rate;
mod repeat;
mod settings;
mod world;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

pub(crate) use self::{
    happened::{Happened, Output},
    kind::Kind,
    rate::Rate,
    repeat::{Delivered, Repeat},
    settings::{Setting, Settings},
    world::World,
};
use super::{
    remote_sandbox::{RemoteSandbox, SandboxArguments},
    scenario::{self, Scenario},
};
use crate::{terminal, webhook::read_input};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento trigger application.approved --set data.custom_form_fields.favorite_track=Rust
  revento trigger application.submitted --count 50 --rate 10/s
  revento trigger application.approved --count 2 --out-of-order
  revento trigger application.approved --test --set data.approver_id=usr_me
  revento trigger night-of-retries
  revento trigger --show night-of-retries > mine.toml && revento trigger --file mine.toml")]
pub(crate) struct Arguments {
    /// What is to happen: the type of the webhook that it sends, or the name of a built-in scenario. --list shows both.
    #[arg(value_name = "NAME", value_parser = parse_target, required_unless_present_any = ["list", "file", "show"])]
    what: Option<Target>,
    /// A scenario (.toml), or the envelope of a webhook (.json, or - for standard input) that is sent as a test delivery.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["what", "list", "show"])]
    file: Option<PathBuf>,
    /// List what can happen.
    #[arg(long, conflicts_with_all = ["what", "show"])]
    list: bool,
    /// Print a built-in scenario, as the beginning of your own.
    #[arg(long, value_name = "NAME", value_parser = parse_scenario, conflicts_with = "what")]
    show: Option<&'static str>,
    /// The event. The default is a connected one, or else evt_test_published.
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// Connect the event first, as an organizer would, if it is not connected. For receivers without the OAuth flow.
    #[arg(long)]
    connect: bool,
    /// Set a member of the webhook's data, such as data.custom_form_fields.size=XL. The value is JSON, or else text. An action sets
    /// it on the object itself, so that the API shows it, too. Repeatable.
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = settings::parse)]
    settings: Vec<Setting>,
    /// Send a test delivery: a signed webhook, although nothing happens on the platform. The event need not be connected.
    #[arg(long)]
    test: bool,
    /// How many times.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    count: u32,
    /// At most so many times in a period: 10/s, 30/min, 5/h. The default is as fast as the sandbox answers.
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// Send each webhook twice, as networks do.
    #[arg(long, conflicts_with = "out_of_order")]
    duplicate: bool,
    /// Let every second webhook overtake the one before it. Needs --count 2 or more.
    #[arg(long)]
    out_of_order: bool,
    /// Print lines of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

/// What a name on the command line means.
#[derive(Debug, Clone)]
enum Target {
    Kind(Kind),
    Scenario(&'static str),
}

fn names() -> String {
    let kinds = Kind::ALL.into_iter().map(Kind::name);
    let names: Vec<&str> = kinds.chain(scenario::built_in::names()).collect();
    names.join(", ")
}

fn parse_target(name: &str) -> Result<Target, String> {
    let scenario = || {
        scenario::built_in::names()
            .find(|known| *known == name)
            .map(Target::Scenario)
    };
    Kind::parse(name)
        .map(Target::Kind)
        .or_else(scenario)
        .ok_or_else(|| format!("there are {}", names()))
}

fn parse_scenario(name: &str) -> Result<&'static str, String> {
    let found = scenario::built_in::names().find(|known| *known == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = scenario::built_in::names().collect();
        format!("the built-in scenarios are {}", known.join(", "))
    })
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    if arguments.list {
        print_list(arguments.json);
        return Ok(());
    }
    if let Some(name) = arguments.show {
        let text = scenario::built_in::text(name).context("there is no such scenario")?;
        terminal::print_line(text.trim_end());
        return Ok(());
    }
    if arguments.out_of_order && arguments.count < 2 {
        bail!("one webhook alone is in order: give --count 2 or more");
    }
    match (&arguments.what, &arguments.file) {
        (Some(Target::Scenario(name)), _) => {
            let text = scenario::built_in::text(name).context("there is no such scenario")?;
            play(Scenario::parse(text, name, None)?, arguments).await
        }
        (Some(Target::Kind(kind)), _) if arguments.test => {
            let body = json!({ "type": kind.name() });
            send_test(body, arguments).await
        }
        (Some(Target::Kind(kind)), _) => trigger(*kind, arguments).await,
        (None, Some(path)) if path.extension().is_some_and(|end| end == "toml") => {
            play(Scenario::read(path)?, arguments).await
        }
        (None, Some(path)) => send_test(envelope(path)?, arguments).await,
        (None, None) => bail!("name what is to happen: {}", names()),
    }
}

async fn trigger(kind: Kind, arguments: Arguments) -> Result<()> {
    let settings = Settings::check(kind, &arguments.settings)?;
    let (world, repeat, mut output) = begin(arguments).await?;
    repeat
        .run(&world.sandbox, kind.name(), &mut output, || {
            world.perform(kind, &settings)
        })
        .await
}

/// Sends test deliveries.
async fn send_test(mut body: Value, arguments: Arguments) -> Result<()> {
    let set: Map<String, Value> = arguments
        .settings
        .iter()
        .map(|setting| (setting.path.clone(), setting.value.clone()))
        .collect();
    let members = body.as_object_mut().context("the webhook is not an object")?;
    members.insert("set".to_owned(), set.into());
    if let Some(event) = &arguments.event {
        members.insert("event_id".to_owned(), event.clone().into());
    }
    let name = members
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let members = members.clone();
    let (world, repeat, mut output) = begin(arguments).await?;
    repeat
        .run(&world.sandbox, &name, &mut output, || world.test(members.clone()))
        .await
}

/// The parts of an envelope that a test delivery takes; its id and time are new.
fn envelope(path: &Path) -> Result<Value> {
    let bytes = read_input(path)?;
    let named = path.display();
    let envelope: Map<String, Value> = serde_json::from_slice(&bytes).with_context(|| {
        format!("{named} is neither a scenario (.toml) nor the envelope of a webhook (JSON)")
    })?;
    let member = |name: &str| envelope.get(name).filter(|value| !value.is_null()).cloned();
    let mut body = Map::new();
    let event_type = member("type").filter(Value::is_string);
    let event_type =
        event_type.with_context(|| format!("{named} has no type such as application.approved"))?;
    body.insert("type".to_owned(), event_type);
    for name in ["event_id", "data"] {
        body.extend(member(name).map(|value| (name.to_owned(), value)));
    }
    Ok(body.into())
}

async fn begin(arguments: Arguments) -> Result<(World, Repeat, Output)> {
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let world = World::new(sandbox, arguments.event).await?;
    if arguments.connect {
        world.connect().await?;
    }
    let delivered = match (arguments.duplicate, arguments.out_of_order) {
        (true, _) => Delivered::Twice,
        (_, true) => Delivered::OutOfOrder,
        _ => Delivered::InOrder,
    };
    let repeat = Repeat {
        count: arguments.count,
        rate: arguments.rate,
        delivered,
    };
    Ok((world, repeat, Output::new(arguments.json)))
}

async fn play(scenario: Scenario, arguments: Arguments) -> Result<()> {
    let options = [
        (!arguments.settings.is_empty(), "--set"),
        (arguments.test, "--test"),
        (arguments.count != 1, "--count"),
        (arguments.rate.is_some(), "--rate"),
        (arguments.duplicate, "--duplicate"),
        (arguments.out_of_order, "--out-of-order"),
    ];
    if let Some((_, option)) = options.into_iter().find(|(is_given, _)| *is_given) {
        bail!("{option} does not fit a scenario: its steps have options of their own");
    }
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let event = arguments.event.or_else(|| scenario.event().map(str::to_owned));
    let world = World::new(sandbox, event).await?;
    if arguments.connect {
        world.connect().await?;
    }
    scenario::play(&world, &scenario, &mut Output::new(arguments.json)).await
}

fn print_list(as_json: bool) {
    let kinds = Kind::ALL.into_iter().map(|kind| {
        (
            "trigger",
            kind.name(),
            kind.description().to_owned(),
            kind.settable(),
        )
    });
    let scenarios =
        scenario::built_in::all().map(|(name, description)| ("scenario", name, description, &[][..]));
    for (kind, name, description, settable) in kinds.chain(scenarios) {
        terminal::print_line(&match as_json {
            true => json!({ "name": name, "kind": kind, "description": description, "settable": settable })
                .to_string(),
            false => format!("{name:32} {description}"),
        });
    }
}
