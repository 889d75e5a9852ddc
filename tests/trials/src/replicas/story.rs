//! The story: connect, read, sign in, webhooks, refresh, a kill, a restart.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, Result, bail};
use revento_sandbox::{Action, ConsentDecision, Fault};
use tokio::time::Instant;

use super::{
    Options,
    browser::{Browser, Page},
    report::{Report, Step},
    world::World,
};

pub(super) const EVENT: &str = "evt_test_published";
/// The event that is connected while a replica dies.
const SECOND_EVENT: &str = "evt_test_summit";
const USER: &str = "usr_0001";
/// How many webhooks come while both replicas run.
const WEBHOOKS: usize = 4;
/// How many come while one is down, and how many after its restart.
const FEWER: usize = 2;
const HOUR: Duration = Duration::from_secs(3600);
/// Longer than replica A lives.
const HELD_BACK: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(20);

/// Tells the story up to the first step that does not hold.
pub(super) async fn tell(options: &Options) -> Result<Report> {
    let mut world = World::create(options).await?;
    let mut browser = world.browser();
    let mut report = Report::default();
    for number in 0.. {
        let step = match number {
            0 => connect(&world, &mut browser).await?,
            1 => read(&world, &browser).await?,
            2 => sign_in(&world, &mut browser).await?,
            3 => webhooks(&world).await?,
            4 => replays(&world).await?,
            5 => refresh(&world, &browser).await?,
            6 => kill(&mut world).await?,
            7 => on_one_replica(&world).await?,
            8 => restart(&mut world, &browser).await?,
            _ => break,
        };
        let held = step.held;
        report.add(step);
        if !held {
            break;
        }
    }
    Ok(report)
}

/// The page of an event. That of the event which the service is for is its first page.
fn event_page(event: &str) -> String {
    if event == EVENT {
        "/".to_owned()
    } else {
        format!("/?event_id={event}")
    }
}

fn briefly(pages: &[Page]) -> Result<[String; 2]> {
    let [a, b] = pages else {
        bail!("{} pages of two replicas", pages.len())
    };
    Ok([a.brief(), b.brief()])
}

/// An organizer's callback reaches both replicas at the same moment.
async fn connect(world: &World, browser: &mut Browser) -> Result<Step> {
    let path = format!("/connect?event_id={EVENT}");
    let callback = world.consent(browser, &path, ConsentDecision::Authorize).await?;
    let pages = browser.open_at_once(&world.at_each(&callback)).await?;
    let stats = world.stats().await?;
    Ok(Step {
        name: "connect: one callback, both replicas",
        replicas: briefly(&pages)?,
        platform: format!("{} code, {} sent again", stats.exchanges, stats.code_reuses),
        held: stats.exchanges == 1
            && stats.code_reuses == 0
            && pages.iter().all(|page| page.leads_to(&event_page(EVENT))),
    })
}

async fn read(world: &World, browser: &Browser) -> Result<Step> {
    let mut pages = Vec::new();
    for url in world.at_each("/participants") {
        pages.push(browser.fetch(&url).await?);
    }
    let stats = world.stats().await?;
    Ok(Step {
        name: "read the participants",
        replicas: briefly(&pages)?,
        platform: format!(
            "{} refreshes, {} calls too many",
            stats.refreshes, stats.rate_limited
        ),
        held: stats.refreshes == 0 && pages.iter().all(|page| page.status == 200),
    })
}

/// A participant's callback reaches both replicas, too. Either one knows the session.
async fn sign_in(world: &World, browser: &mut Browser) -> Result<Step> {
    let path = format!("/login?event_id={EVENT}");
    let decision = ConsentDecision::SignIn(USER.to_owned());
    let callback = world.consent(browser, &path, decision).await?;
    let callbacks = browser.open_at_once(&world.at_each(&callback)).await?;
    let mut pages = Vec::new();
    for url in world.at_each("/me") {
        pages.push(browser.fetch(&url).await?);
    }
    let stats = world.stats().await?;
    let [a, b] = briefly(&callbacks)?;
    let [me_a, me_b] = briefly(&pages)?;
    Ok(Step {
        name: "sign in: one callback, both replicas",
        replicas: [format!("{a}: {me_a}"), format!("{b}: {me_b}")],
        platform: format!("{} codes, {} sent again", stats.exchanges, stats.code_reuses),
        held: stats.exchanges == 2
            && stats.code_reuses == 0
            && callbacks.iter().all(|page| page.leads_to("/me"))
            && pages
                .iter()
                .all(|page| page.status == 200 && page.text.contains(USER)),
    })
}

/// The platform sends each webhook twice, and the proxy gives each copy to another replica.
async fn webhooks(world: &World) -> Result<Step> {
    world
        .sandbox
        .arm(Fault::named("delivery_duplicated").unlimited())?;
    world.approve(EVENT, WEBHOOKS).await?;
    let handled = world.handled(WEBHOOKS).await?;
    world.sandbox.disarm_all();
    let stats = world.stats().await?;
    Ok(Step {
        name: "webhooks, each one sent twice",
        replicas: counts(&handled),
        platform: format!("{} webhooks, {} refused", stats.deliveries, stats.attempts_failed),
        held: is_each_once(&handled, WEBHOOKS),
    })
}

async fn replays(world: &World) -> Result<Step> {
    for delivery in world.sandbox.deliveries().await? {
        world.sandbox.perform(Action::Replay(delivery.id)).await?;
    }
    let handled = world.handled(WEBHOOKS).await?;
    let stats = world.stats().await?;
    Ok(Step {
        name: "replays of handled webhooks",
        replicas: counts(&handled),
        platform: format!("{} replays, {} refused", stats.replays, stats.attempts_failed),
        held: is_each_once(&handled, WEBHOOKS) && stats.replays > 0,
    })
}

/// All access tokens end, and both replicas read at once.
async fn refresh(world: &World, browser: &Browser) -> Result<Step> {
    world.sandbox.advance(HOUR + HOUR / 60).await?;
    let urls = world.at_each("/participants");
    let twice = urls.iter().chain(&urls).map(|url| browser.fetch(url));
    let pages = futures_util::future::join_all(twice).await;
    let pages = pages.into_iter().collect::<Result<Vec<_>>>()?;
    let stats = world.stats().await?;
    Ok(Step {
        name: "the access token ends, both read at once",
        replicas: briefly(pages.get(..2).context("no pages")?)?,
        platform: format!("{} refresh, {} tokens sent again", stats.refreshes, stats.reuses),
        held: stats.refreshes == 1 && stats.reuses == 0 && pages.iter().all(|page| page.status == 200),
    })
}

/// Replica A dies after it has sent a code. The browser loads the callback again, and then connects again.
async fn kill(world: &mut World) -> Result<Step> {
    let mut browser = world.browser();
    let before = world.stats().await?;
    world
        .sandbox
        .arm(Fault::named("slow_answer").at("exchange").with_delay(HELD_BACK))?;
    let path = format!("/connect?event_id={SECOND_EVENT}");
    let callback = world
        .consent(&mut browser, &path, ConsentDecision::Authorize)
        .await?;
    let [a, _] = &mut world.replicas;
    let waiting = tokio::spawn(browser.request(&format!("{}{callback}", a.base)).send());
    let end = Instant::now() + PATIENCE;
    while world.sandbox.stats().await?.exchanges == before.exchanges {
        if Instant::now() > end {
            bail!("replica A does not send the code");
        }
        tokio::time::sleep(PAUSE).await;
    }
    a.kill().await?;
    if let Ok(answer) = waiting.await? {
        bail!("replica A is dead and answers {}", answer.status());
    }
    world.sandbox.disarm_all();

    let reloaded = browser.open(&format!("{}{callback}", world.base)).await?;
    let page = browser
        .open(&format!("{}{}", world.base, event_page(SECOND_EVENT)))
        .await?;
    let sent = world.stats().await?.exchanges - before.exchanges;
    let says_so = page.status == 200 && page.text.contains("is not connected yet");
    let callback = world
        .consent(&mut browser, &path, ConsentDecision::Authorize)
        .await?;
    let connected = browser.open(&format!("{}{callback}", world.base)).await?;
    let page = browser
        .open(&format!("{}{}", world.base, event_page(SECOND_EVENT)))
        .await?;
    let stats = world.stats().await?;
    Ok(Step {
        name: "A dies with a code on its way",
        replicas: [
            "killed".to_owned(),
            format!("{}, then {}", reloaded.brief(), connected.brief()),
        ],
        platform: format!("{} codes, {} sent again", stats.exchanges, stats.code_reuses),
        held: sent == 1
            && stats.code_reuses == 0
            && reloaded.leads_to(&event_page(SECOND_EVENT))
            && says_so
            && connected.leads_to(&event_page(SECOND_EVENT))
            && page.text.contains("Connected to"),
    })
}

async fn on_one_replica(world: &World) -> Result<Step> {
    let before = world.stats().await?;
    world.approve(EVENT, FEWER).await?;
    let handled = world.handled(WEBHOOKS + FEWER).await?;
    let stats = world.stats().await?;
    let failed = stats.attempts_failed - before.attempts_failed;
    Ok(Step {
        name: "webhooks while A is down",
        replicas: ["down".to_owned(), counts(&handled)[1].clone()],
        platform: format!("{} webhooks, {failed} refused", stats.deliveries),
        held: handled[1].len() >= FEWER,
    })
}

async fn restart(world: &mut World, browser: &Browser) -> Result<Step> {
    let http = world.http.clone();
    world.replicas[0].start(&http).await?;
    let base = &world.replicas[0].base;
    let answered = world.balancer.answered(base);
    let read = browser.fetch(&format!("{base}/participants")).await?;
    let me = browser.fetch(&format!("{base}/me")).await?;
    world.approve(EVENT, FEWER).await?;
    let handled = world.handled(WEBHOOKS + 2 * FEWER).await?;
    let stats = world.stats().await?;
    let again = world.balancer.answered(base) - answered;
    Ok(Step {
        name: "A is back",
        replicas: counts(&handled),
        platform: format!(
            "{} webhooks, {} secrets sent again",
            stats.deliveries,
            stats.reuses + stats.code_reuses
        ),
        held: is_each_once(&handled, WEBHOOKS + 2 * FEWER)
            && read.status == 200
            && me.status == 200
            && again > 0
            && stats.reuses + stats.code_reuses + stats.rate_limited == 0,
    })
}

fn counts(handled: &[Vec<String>; 2]) -> [String; 2] {
    handled.each_ref().map(|ids| format!("{} handled", ids.len()))
}

/// Whether both replicas together have handled this many webhooks, and none twice.
fn is_each_once(handled: &[Vec<String>; 2], expected: usize) -> bool {
    let all: Vec<&String> = handled.iter().flatten().collect();
    let different: BTreeSet<_> = all.iter().collect();
    all.len() == expected && different.len() == expected
}
