//! Checks of the list of integrations.

use revento_core::{ClientId, ConnectionKey};
use revento_store::{CreateOutcome, TokenAdmin};

use crate::{
    check::{Handles, SharedSubject},
    expect::{NotPassed, fail, same, same_list},
    long, show,
    subject::CheckResult,
    texts,
    tokens::sample::of_key,
};

async fn create(store: &dyn TokenAdmin, client: &str, event: &str) -> Result<ConnectionKey, NotPassed> {
    let key = ConnectionKey::installation(client.into(), event.into());
    match store.create(&of_key(key.clone())).await? {
        CreateOutcome::Created(_) => Ok(key),
        CreateOutcome::AlreadyExists => fail(format!("creating {} returned AlreadyExists", show::key(&key))),
    }
}

async fn clients(store: &dyn TokenAdmin) -> Result<Vec<ClientId>, NotPassed> {
    let mut clients = store.clients().await?;
    clients.sort();
    Ok(clients)
}

pub(super) async fn every_client_is_listed_once(subject: SharedSubject<dyn TokenAdmin>) -> CheckResult {
    let store = subject.store();
    same("the clients of an empty store", clients(&*store).await?, vec![])?;
    for (client, event) in [
        ("clt_2", "evt_1"),
        ("clt_1", "evt_1"),
        ("clt_1", "evt_2"),
        ("clt_10", "evt_1"),
    ] {
        create(&*store, client, event).await?;
    }
    let expected = ["clt_1", "clt_10", "clt_2"].map(ClientId::new);
    same("the clients", clients(&*store).await?, expected.to_vec())?;

    let key = ConnectionKey::installation("clt_2".into(), "evt_1".into());
    store.remove(&key).await?;
    let expected = ["clt_1", "clt_10"].map(ClientId::new);
    same(
        "the clients after the last record of one is removed",
        clients(&*store).await?,
        expected.to_vec(),
    )
}

pub(super) async fn odd_clients_are_listed(subject: SharedSubject<dyn TokenAdmin>) -> CheckResult {
    let store = subject.store();
    let mut expected: Vec<ClientId> = texts::ODD.iter().map(|id| ClientId::new(*id)).collect();
    expected.extend(long::ids().iter().map(|id| ClientId::new(id.as_str())));
    for client in &expected {
        create(&*store, client.as_str(), "evt_1").await?;
    }
    expected.sort();
    same_list("the clients", &clients(&*store).await?, &expected)
}

/// The handles take turns, so that each has read the list that the other one changes.
pub(super) async fn k24_replicas_list_at_once_what_another_wrote(
    subject: SharedSubject<dyn TokenAdmin>,
) -> CheckResult {
    let (ours, theirs) = (subject.store(), subject.replica().await?);
    let all_list =
        async |(writer, other): Handles<'_, dyn TokenAdmin>, after: &str, expected: &[ClientId]| {
            for (whose, store) in [("its own", writer), ("another replica's", other)] {
                let what = format!("the clients at once after {whose} {after}");
                same(&what, clients(store).await?, expected.to_vec())?;
            }
            CheckResult::Ok(())
        };
    all_list((&*ours, &*theirs), "opening", &[]).await?;
    for (writer, other) in [(&*ours, &*theirs), (&*theirs, &*ours), (&*ours, &*theirs)] {
        let key = create(writer, "clt_1", "evt_1").await?;
        all_list((writer, other), "create", &["clt_1".into()]).await?;
        writer.remove(&key).await?;
        all_list((writer, other), "remove", &[]).await?;
    }
    Ok(())
}
