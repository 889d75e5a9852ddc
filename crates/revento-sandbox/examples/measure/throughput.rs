//! Measures answers per second, in turns: in memory, with a file, and from the bare handler.

use std::path::Path;

use super::load::{self, Client};
use super::report::Report;
use super::world::{World, form};
use super::{Outcome, ROUNDS, median, peer};

pub(crate) async fn measure(directory: &Path, report: &mut Report) -> Outcome<()> {
    let mut memory = World::start(None).await?;
    let mut file = World::start(Some(&directory.join("throughput.db"))).await?;
    let page = Client::connect(memory.address)
        .await?
        .ask(&memory.page(0))
        .await?
        .to_owned();
    let token = "x".repeat(43);
    let answer = format!(
        "{{\"access_token\":\"rev_install_{token}\",\"event_id\":\"evt_test_published\",\"expires_in\":3600,\
         \"organization_id\":\"org_test_atlas\",\"refresh_token\":\"rev_refresh_{token}\",\
         \"scope\":\"event.read participants.read\",\"token_type\":\"Bearer\"}}"
    );
    let bare = peer::serve(page, answer).await?;
    let bare_page = b"GET /page HTTP/1.1\r\nhost: localhost\r\n\r\n";

    let mut rates = [const { Vec::new() }; 6];
    for _ in 0..ROUNDS {
        let round = [
            load::rate(|n| pages(&memory, n)).await?,
            load::rate(|n| pages(&file, n)).await?,
            load::rate(|_| load::repeat(bare, bare_page)).await?,
            refreshes(&mut memory).await?,
            refreshes(&mut file).await?,
            load::rate(async |_| {
                let same = |token: &str| form("/token", &format!("refresh_token={token}"));
                load::refresh(bare, same, &mut String::new()).await
            })
            .await?,
        ];
        rates
            .iter_mut()
            .zip(round)
            .for_each(|(rates, rate)| rates.push(rate));
    }
    let [pages, pages_file, bare_pages, tokens, tokens_file, bare_tokens] = rates.map(median);
    report.pages = [pages, pages_file, bare_pages];
    report.tokens = [tokens, tokens_file, bare_tokens];
    memory.sandbox.shutdown().await;
    file.sandbox.shutdown().await;
    Ok(())
}

async fn pages(world: &World, client: usize) -> Outcome<u64> {
    load::repeat(world.address, &world.page(client)).await
}

async fn refreshes(world: &mut World) -> Outcome<f64> {
    let request = world.refreshing();
    let address = world.address;
    let start = super::now();
    let clients = world
        .refresh
        .iter_mut()
        .map(|token| load::refresh(address, &request, token));
    let done = futures_util::future::try_join_all(clients).await?;
    let answers: u64 = done.into_iter().sum();
    Ok(std::time::Duration::from_secs(answers).as_secs_f64() / start.elapsed().as_secs_f64())
}
