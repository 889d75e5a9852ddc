//! The steps of a scenario.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use revento::types::text::printable;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::platform::{
    duration,
    trigger::{Kind, Rate, Setting, Settings},
};

/// The longest wait of one step, in real time.
const MAX_WAIT: Duration = Duration::from_secs(3_600);
const MAX_COUNT: u32 = 10_000;

/// A step as it is written: one member says what it does, the others are its options.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    trigger: Option<String>,
    test: Option<String>,
    wait: Option<String>,
    fault: Option<String>,
    disarm: Option<bool>,
    advance: Option<String>,
    advance_to: Option<String>,
    drain: Option<bool>,
    replay: Option<String>,
    connect: Option<bool>,
    // Options.
    set: Option<Map<String, Value>>,
    count: Option<u32>,
    rate: Option<String>,
    data_file: Option<String>,
    side: Option<String>,
    endpoint: Option<String>,
    event_id: Option<String>,
    client_id: Option<String>,
    event_type: Option<String>,
    times: Option<u32>,
    unlimited: Option<bool>,
    after: Option<u32>,
    probability: Option<f64>,
    seed: Option<u64>,
    delay_ms: Option<u64>,
    seconds: Option<i64>,
    text: Option<String>,
    times_sent: Option<u32>,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Step {
    Trigger {
        kind: Kind,
        settings: Settings,
        count: u32,
        rate: Option<Rate>,
    },
    Test {
        body: Map<String, Value>,
        data_file: Option<String>,
        count: u32,
        rate: Option<Rate>,
    },
    /// Waits in real time.
    Wait(Duration),
    /// Arms a fault: the body of the call.
    Fault(Value),
    /// Disarms the faults of this scenario.
    Disarm,
    /// Advances the sandbox clock: the body of the call.
    Advance(Value),
    /// Advances the clock from retry to retry until nothing is pending.
    Drain,
    /// Replays the deliveries of this scenario with a status.
    Replay(String),
    /// Connects the event.
    Connect,
}

/// The names of what a step can do.
const ACTIONS: &str = "trigger, test, wait, fault, disarm, advance, advance_to, drain, replay, connect";
const FAULT_OPTIONS: &[&str] = &[
    "endpoint",
    "event_id",
    "client_id",
    "event_type",
    "times",
    "unlimited",
    "after",
    "probability",
    "seed",
    "delay_ms",
    "seconds",
    "text",
    "times_sent",
];

impl Written {
    pub(super) fn check(self) -> Result<Step> {
        let action = self.action()?;
        let options: &[&str] = match action {
            "trigger" => &["set", "count", "rate"],
            "test" => &["set", "count", "rate", "data_file", "event_id", "client_id"],
            "fault" => FAULT_OPTIONS,
            "advance_to" => &["side"],
            _ => &[],
        };
        if let Some(foreign) = self.options().into_iter().find(|name| !options.contains(name)) {
            bail!(
                "{foreign} is no option of {action}; its options are: {}",
                options.join(", ")
            );
        }
        self.step()
    }

    /// The member that says what the step does.
    fn action(&self) -> Result<&'static str> {
        let given = [
            (self.trigger.is_some(), "trigger"),
            (self.test.is_some(), "test"),
            (self.wait.is_some(), "wait"),
            (self.fault.is_some(), "fault"),
            (self.disarm.is_some(), "disarm"),
            (self.advance.is_some(), "advance"),
            (self.advance_to.is_some(), "advance_to"),
            (self.drain.is_some(), "drain"),
            (self.replay.is_some(), "replay"),
            (self.connect.is_some(), "connect"),
        ];
        let given: Vec<&str> = given
            .into_iter()
            .filter_map(|(is_given, name)| is_given.then_some(name))
            .collect();
        match given.as_slice() {
            [only] => Ok(only),
            [] => bail!("a step does one of {ACTIONS}"),
            several => bail!("a step does one thing, and not {}", several.join(" and ")),
        }
    }

    /// The names of the options that are given.
    fn options(&self) -> Vec<&'static str> {
        let given = [
            (self.set.is_some(), "set"),
            (self.count.is_some(), "count"),
            (self.rate.is_some(), "rate"),
            (self.data_file.is_some(), "data_file"),
            (self.side.is_some(), "side"),
            (self.endpoint.is_some(), "endpoint"),
            (self.event_id.is_some(), "event_id"),
            (self.client_id.is_some(), "client_id"),
            (self.event_type.is_some(), "event_type"),
            (self.times.is_some(), "times"),
            (self.unlimited.is_some(), "unlimited"),
            (self.after.is_some(), "after"),
            (self.probability.is_some(), "probability"),
            (self.seed.is_some(), "seed"),
            (self.delay_ms.is_some(), "delay_ms"),
            (self.seconds.is_some(), "seconds"),
            (self.text.is_some(), "text"),
            (self.times_sent.is_some(), "times_sent"),
        ];
        given
            .into_iter()
            .filter_map(|(is_given, name)| is_given.then_some(name))
            .collect()
    }

    fn step(self) -> Result<Step> {
        let wrong =
            |what: &str, text: &str, why: String| anyhow!("{what} {} cannot be used: {why}", printable(text));
        let (count, rate) = self.repetition()?;
        if let Some(name) = &self.trigger {
            let kind = Kind::parse(name).with_context(|| {
                let known = Kind::ALL.map(Kind::name).join(", ");
                format!("there is no trigger {}; there are {known}", printable(name))
            })?;
            let set = self.set.unwrap_or_default();
            let settings: Vec<Setting> = set
                .into_iter()
                .map(|(path, value)| Setting { path, value })
                .collect();
            let settings = Settings::check(kind, &settings)?;
            return Ok(Step::Trigger {
                kind,
                settings,
                count,
                rate,
            });
        }
        if let Some(name) = &self.test {
            let mut body = Map::new();
            body.insert("type".to_owned(), name.clone().into());
            body.insert("set".to_owned(), self.set.clone().unwrap_or_default().into());
            let texts = [("event_id", &self.event_id), ("client_id", &self.client_id)];
            for (name, text) in texts {
                body.extend(text.clone().map(|text| (name.to_owned(), text.into())));
            }
            return Ok(Step::Test {
                body,
                data_file: self.data_file,
                count,
                rate,
            });
        }
        if let Some(text) = &self.wait {
            let wait = duration::parse(text).map_err(|why| wrong("wait", text, why))?;
            if wait > MAX_WAIT {
                bail!("wait is at most one hour; `advance` advances the clock of the sandbox instead");
            }
            return Ok(Step::Wait(wait));
        }
        if let Some(text) = &self.advance {
            let by = duration::parse(text).map_err(|why| wrong("advance", text, why))?;
            return Ok(Step::Advance(json!({ "advance_s": by.as_secs() })));
        }
        if let Some(to) = &self.advance_to {
            let side = self.side.as_deref().unwrap_or("after");
            if !["before", "after"].contains(&side) {
                bail!("side is before or after");
            }
            return Ok(Step::Advance(json!({ "to": to, "side": side })));
        }
        if let Some(status) = self.replay {
            if !["pending", "delivered", "dead"].contains(&status.as_str()) {
                bail!(
                    "replay is pending, delivered or dead, and not {}",
                    printable(&status)
                );
            }
            return Ok(Step::Replay(status));
        }
        match (self.disarm, self.drain, self.connect) {
            (Some(false), _, _) | (_, Some(false), _) | (_, _, Some(false)) => {
                bail!("disarm, drain and connect can only be true; leave the step out instead")
            }
            (Some(true), _, _) => Ok(Step::Disarm),
            (_, Some(true), _) => Ok(Step::Drain),
            (_, _, Some(true)) => Ok(Step::Connect),
            _ => self.fault(),
        }
    }

    fn repetition(&self) -> Result<(u32, Option<Rate>)> {
        let count = self.count.unwrap_or(1);
        if !(1..=MAX_COUNT).contains(&count) {
            bail!("count is a number from 1 to {MAX_COUNT}");
        }
        let rate = self.rate.as_deref().map(str::parse).transpose();
        Ok((count, rate.map_err(|why: String| anyhow!("rate: {why}"))?))
    }

    /// The body of the call that arms the fault.
    fn fault(self) -> Result<Step> {
        if self.unlimited == Some(true) && self.times.is_some() {
            bail!("times and unlimited exclude each other");
        }
        let given = [
            ("fault", self.fault.map(Value::from)),
            ("endpoint", self.endpoint.map(Value::from)),
            ("event_id", self.event_id.map(Value::from)),
            ("client_id", self.client_id.map(Value::from)),
            ("event_type", self.event_type.map(Value::from)),
            ("times", self.times.map(Value::from)),
            (
                "times",
                self.unlimited.filter(|unlimited| *unlimited).map(|_| Value::Null),
            ),
            ("after", self.after.map(Value::from)),
            ("probability", self.probability.map(Value::from)),
            ("seed", self.seed.map(Value::from)),
            ("delay_ms", self.delay_ms.map(Value::from)),
            ("seconds", self.seconds.map(Value::from)),
            ("text", self.text.map(Value::from)),
            ("times_sent", self.times_sent.map(Value::from)),
        ];
        let members = given
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Ok(Step::Fault(Value::Object(members.collect())))
    }
}
