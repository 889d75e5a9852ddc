use revento_store::Fence;

use super::{Subject, fixtures::*};
use crate::store::{MirrorWrite, ReadClaim, WriteOutcome};

fn granted(claim: ReadClaim) -> Fence {
    match claim {
        ReadClaim::Granted { fence, .. } => fence,
        other => panic!("the claim is free: {other:?}"),
    }
}

pub(super) async fn a_claim_excludes_others_until_it_ends(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let first = granted(calls.claim(10, 20).await);
    assert_eq!(calls.claim(11, 30).await, ReadClaim::Held { until: at(20) });
    let other = subject.another().await;
    assert_eq!(
        Calls(&*other).claim(19, 30).await,
        ReadClaim::Held { until: at(20) }
    );
    let second = granted(calls.claim(20, 30).await);
    assert!(second > first, "a later fence is higher: {first:?}, {second:?}");
    // An old holder gets no claim by its old fence.
    let held = calls
        .0
        .claim(&event(), Some(first), at(21), at(40))
        .await
        .unwrap();
    assert_eq!(held, ReadClaim::Held { until: at(30) });
}

pub(super) async fn a_holder_prolongs_its_claim(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let fence = granted(calls.claim(10, 20).await);
    calls
        .write(&MirrorWrite {
            progress: Some("7".into()),
            ..write(&event())
        })
        .await;
    // Also when it is late and nobody else has claimed.
    for (now, until) in [(15, 30), (50, 60)] {
        let claim = calls
            .0
            .claim(&event(), Some(fence), at(now), at(until))
            .await
            .unwrap();
        let ReadClaim::Granted { fence: same, event } = claim else {
            panic!("the holder prolongs: {claim:?}");
        };
        assert_eq!(
            (same, &*event.progress),
            (fence, "7"),
            "the same fence, and the event as it is now"
        );
        assert_eq!(
            calls.claim(until - 1, 90).await,
            ReadClaim::Held { until: at(until) }
        );
    }
}

pub(super) async fn a_released_claim_is_free(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let first = granted(calls.claim(10, 100).await);
    calls.0.release(&event(), first).await.unwrap();
    let second = granted(calls.claim(11, 100).await);
    assert!(second > first);
    calls.0.release(&event(), first).await.unwrap();
    assert_eq!(
        calls.claim(12, 100).await,
        ReadClaim::Held { until: at(100) },
        "an old fence releases nothing"
    );
}

pub(super) async fn a_write_under_an_old_claim_has_no_effect(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let first = granted(calls.claim(10, 20).await);
    let under = |fence: Fence, progress: &str| MirrorWrite {
        fence: Some(fence),
        progress: Some(progress.into()),
        rows: vec![add(person(progress, "Ada"))],
        ..write(&event())
    };
    assert!(
        matches!(
            calls.write(&under(first, "late")).await,
            WriteOutcome::Written { .. }
        ),
        "an expired claim without a successor still writes"
    );
    let second = granted(calls.claim(20, 30).await);
    assert_eq!(calls.write(&under(first, "old")).await, WriteOutcome::Fenced);
    assert!(calls.find("old").await.is_none());
    assert!(matches!(
        calls.write(&under(second, "new")).await,
        WriteOutcome::Written { .. }
    ));
    calls.0.release(&event(), second).await.unwrap();
    assert_eq!(
        calls.write(&under(second, "released")).await,
        WriteOutcome::Fenced
    );
    assert_eq!(&*calls.load(&[]).await.event.unwrap().progress, "new");
}
