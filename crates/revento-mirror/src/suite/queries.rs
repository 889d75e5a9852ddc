use super::{Subject, fixtures::*};
use crate::store::{Condition, ParticipantField, ResourceKind, Row};

pub(super) async fn rows_are_listed_in_the_order_of_their_ids(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let mut ids = ["b", "é", "a\0", "a", "Z", "aa", "🎫", "10", "9"];
    let activity = Row {
        kind: ResourceKind::Activity,
        answers: Vec::new(),
        ..person("a1", "Opening")
    };
    calls
        .put(
            ids.iter()
                .map(|id| add(person(id, "x")))
                .chain([add(activity)])
                .collect(),
        )
        .await;
    ids.sort_unstable();
    assert_eq!(calls.ids(&all_people()).await, ids, "in byte order");
    let mut query = all_people();
    query.limit = 2;
    let mut listed: Vec<String> = Vec::new();
    loop {
        let page = calls.ids(&query).await;
        query.after = page.last().map(|id| id.as_str().into());
        let is_last = page.len() < 2;
        listed.extend(page);
        if is_last {
            break;
        }
    }
    assert_eq!(listed, ids, "in pages, each once");
    query.limit = 0;
    assert!(calls.ids(&query).await.is_empty());
}

pub(super) async fn participants_are_found_by_their_fields(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let with = |id: &str, fields: &str| Row {
        json: format!(r#"{{"id":"{id}","application_status":"pending"{fields}}}"#).into(),
        ..person(id, "x")
    };
    calls
        .put(vec![
            add(with("p0", "")),
            add(with("p1", r#","status":"registered","role":"speaker","email":"Ada@example.com","user_id":"usr_1","application_id":"app_1""#)),
            add(Row { json: r#"{"id":"p2","application_status":"approved"}"#.into(), ..person("p2", "x") }),
            add(Row { json: r#"{"id":"p3"}"#.into(), ..person("p3", "x") }),
        ])
        .await;
    use ParticipantField::*;
    for (field, value, ids) in [
        (ApplicationStatus, "pending", vec!["p0", "p1"]),
        (ApplicationStatus, "approved", vec!["p2"]),
        (ApplicationStatus, "", vec![]),
        (Status, "registered", vec!["p1"]),
        (Role, "speaker", vec!["p1"]),
        (Email, "Ada@example.com", vec!["p1"]),
        (Email, "ada@example.com", vec![]),
        (UserId, "usr_1", vec!["p1"]),
        (ApplicationId, "app_1", vec!["p1"]),
    ] {
        let mut query = all_people();
        query.conditions = vec![Condition::Field(field, value.into())];
        assert_eq!(calls.ids(&query).await, ids, "{field:?} = {value:?}");
    }
    // A changed row is found by its new value only.
    let before = calls.one("p1").await;
    calls
        .put(vec![replace(before, with("p1", r#","role":"guest""#))])
        .await;
    for (value, ids) in [("speaker", vec![]), ("guest", vec!["p1"])] {
        let mut query = all_people();
        query.conditions = vec![Condition::Field(Role, value.into())];
        assert_eq!(calls.ids(&query).await, ids, "role {value}");
    }
}

pub(super) async fn participants_are_found_by_their_answers(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let with = |id: &str, answers| Row {
        answers,
        ..person(id, "x")
    };
    calls
        .put(vec![
            add(with(
                "p1",
                vec![
                    answer("diet", "vegan"),
                    answer("track", "a"),
                    answer("track", "b"),
                ],
            )),
            add(with("p2", vec![answer("diet", "none"), answer("track", "b")])),
            add(with("p3", vec![])),
        ])
        .await;
    let is = |question: &str, value: &str| Condition::Answer {
        question: question.into(),
        value: value.into(),
    };
    let any = |question: &str| Condition::Answered(question.into());
    let approved = Condition::Field(ParticipantField::ApplicationStatus, "approved".into());
    for (conditions, ids) in [
        (vec![is("diet", "vegan")], vec!["p1"]),
        (vec![is("diet", "Vegan")], vec![]),
        (vec![is("track", "b")], vec!["p1", "p2"]),
        (vec![is("track", "a"), is("track", "b")], vec!["p1"]),
        (vec![is("track", "b"), is("diet", "none"), approved], vec!["p2"]),
        (vec![any("diet")], vec!["p1", "p2"]),
        (vec![any("vegan")], vec![]),
    ] {
        let mut query = all_people();
        query.conditions = conditions;
        assert_eq!(calls.ids(&query).await, ids, "{:?}", query.conditions);
    }
    calls
        .put(vec![replace(
            calls.one("p1").await,
            with("p1", vec![answer("diet", "none")]),
        )])
        .await;
    calls.put(vec![remove(calls.one("p2").await)]).await;
    let mut query = all_people();
    query.conditions = vec![any("track")];
    assert!(calls.ids(&query).await.is_empty(), "old answers are gone");
    query.conditions = vec![is("diet", "none")];
    assert_eq!(calls.ids(&query).await, ["p1"]);
}

pub(super) async fn rows_are_found_by_their_state(subject: Subject) {
    let calls = Calls(&*subject.store);
    calls.begin().await;
    let incomplete = Row {
        whole_as_of: None,
        ..person("p1", "Ada")
    };
    calls.put(vec![add(incomplete), add(person("p2", "Bob"))]).await;
    let mut query = all_people();
    query.conditions = vec![Condition::Incomplete];
    assert_eq!(calls.ids(&query).await, ["p1"]);
    query.conditions = vec![Condition::Incomplete, Condition::NotShownBy(1)];
    assert_eq!(calls.ids(&query).await, ["p1"]);
}
