//! Typed reads.

use std::time::Duration;

use revento_core::{id::UserId, resource::ApplicationStatus};

use crate::{platform::EVENT, world::World};

#[tokio::test]
async fn participants_are_found_by_what_they_are_and_answered() {
    let world = World::connected().await;
    for (id, diet) in [("p1", "vegan"), ("p2", "none"), ("p3", "vegan"), ("p4", "")] {
        world.platform.submit(id, diet);
    }
    world.platform.review("p1", "approved");
    world.platform.review("p2", "approved");
    world.platform.update_activity("a1", "Opening");
    world.clock.advance(Duration::from_secs(10));
    world.advance().await.unwrap();
    let people = || world.mirror.participants(EVENT);
    let ids = async |query: revento_mirror::Query<revento_core::resource::Participant>| {
        let all = query.all().await.unwrap();
        all.iter().map(|it| it.item.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(people()).await, ["p1", "p2", "p3", "p4"]);
    assert_eq!(ids(people().approved()).await, ["p1", "p2"]);
    assert_eq!(
        ids(people().approved().with_answer("dietary_notes", "vegan")).await,
        ["p1"]
    );
    assert_eq!(
        ids(people().with_answer("tracks", "b")).await.len(),
        4,
        "one element of a list is enough"
    );
    assert_eq!(ids(people().answered("shoe_size")).await, [""; 0]);
    assert_eq!(
        ids(people().application_status(&ApplicationStatus::Pending)).await,
        ["p3", "p4"]
    );
    assert_eq!(ids(people().email("p3@example.com")).await, ["p3"]);
    assert_eq!(ids(people().user(&UserId::new("usr_p4"))).await, ["p4"]);
    assert_eq!(ids(people().role("speaker")).await, [""; 0]);
    let opening = world
        .mirror
        .activities(EVENT)
        .find(&"a1".into())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(opening.item.title.as_deref(), Some("Opening"));
    assert!(
        world
            .mirror
            .participants("evt_other")
            .first()
            .await
            .unwrap()
            .is_none()
    );
}
