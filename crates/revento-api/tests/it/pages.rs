//! Pages and streams against the sandbox, over real sockets.

use std::{collections::HashSet, time::Duration};

use futures_util::{Stream, StreamExt, TryStreamExt, stream::FusedStream};
use http::header::AUTHORIZATION;
use revento_api::{Bookmark, Error, Progress};
use revento_core::ApiErrorCode;
use revento_core::error::ErrorKind;
use revento_sandbox::Fault;

use crate::support::live::Live;

async fn ids(live: &Live, per_page: u16) -> Vec<String> {
    let list = live.event().participants().per_page(per_page);
    let ids = list.stream().map_ok(|person| person.id.as_str().to_owned());
    ids.try_collect().await.unwrap()
}

#[tokio::test]
async fn a1_pages_of_any_size_give_the_same_items() {
    let live = Live::connected().await;
    let all = ids(&live, 50).await;
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    // Pages of one item, of an odd number, and of a divisor of the total.
    let divisor = (2..20).find(|size| all.len() % size == 0).unwrap_or(1);
    for size in [1, 7, divisor] {
        assert_eq!(ids(&live, u16::try_from(size).unwrap()).await, all, "{size}");
    }
    live.wire.take_reads();
    let size = u16::try_from(divisor).unwrap();
    assert_eq!(ids(&live, size).await, all);
    assert_eq!(live.wire.take_reads().len(), all.len() / divisor);
    assert_eq!(live.rate_limited().await, 0);
}

#[tokio::test]
async fn a2_an_empty_page_with_more_behind_it_is_no_end() {
    let live = Live::connected().await;
    let all = ids(&live, 10).await;
    live.sandbox
        .arm(Fault::named("empty_page_with_more").at("participants").after(1))
        .unwrap();
    let rest = ids(&live, 10).await;
    assert!(
        rest.len() >= all.len() - 10 && rest.ends_with(&all[20..]),
        "{}",
        rest.len()
    );
    live.arm(&["cursor_without_more"]);
    let (first, pages) = {
        live.wire.take_reads();
        (ids(&live, 10).await, live.wire.take_reads().len())
    };
    // `has_more` is false: the other fields do not matter.
    assert_eq!((first.as_slice(), pages), (&all[..10], 1));
}

#[tokio::test]
async fn a2_pages_that_lead_nowhere_are_errors() {
    let live = Live::connected().await;
    for (fault, after) in [("more_without_cursor", 0), ("repeated_cursor", 1)] {
        live.sandbox
            .arm(Fault::named(fault).at("participants").after(after))
            .unwrap();
        let mut people = live.event().participants().per_page(10).stream();
        let mut came = 0;
        let error = loop {
            match people.next().await.unwrap() {
                Ok(_) => came += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Pages { .. }), "{fault}: {error}");
        assert!(error.request_id().is_some());
        assert_eq!(error.kind(), ErrorKind::Platform);
        assert_eq!(came, 10 * after);
        live.sandbox.disarm_all();
    }
}

#[tokio::test]
async fn a3_the_first_error_ends_the_stream_and_the_bookmark_goes_on() {
    let live = Live::connected().await;
    let all = ids(&live, 10).await;
    live.sandbox
        .arm(Fault::named("unknown_error").at("participants").after(2))
        .unwrap();
    let mut people = live.event().participants().per_page(10).stream();
    let mut came = Vec::new();
    let error = loop {
        match people.next().await.unwrap() {
            Ok(person) => came.push(person.id.as_str().to_owned()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Refused { status: 418, .. }));
    assert!(people.next().await.is_none());
    assert!(people.next().await.is_none());
    assert!(people.is_terminated());
    assert_eq!(came, all[..20]);
    // After a restart: the bookmark was stored as text.
    let bookmark: Bookmark = people.bookmark().to_string().parse().unwrap();
    let rest = live.event().participants().per_page(10).resume(bookmark).stream();
    let rest: Vec<_> = rest
        .map_ok(|person| person.id.as_str().to_owned())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rest, all[20..]);
}

#[tokio::test]
async fn a3_a_bookmark_in_the_midst_of_a_page_repeats_nothing() {
    let live = Live::connected().await;
    let all = ids(&live, 10).await;
    for taken in [0, 1, 9, 10, 11, 25] {
        let mut people = live.event().participants().per_page(10).stream();
        for _ in 0..taken {
            people.try_next().await.unwrap().unwrap();
        }
        let bookmark: Bookmark = people.bookmark().to_string().parse().unwrap();
        let rest = live.event().participants().per_page(10).resume(bookmark).stream();
        let rest: Vec<_> = rest
            .map_ok(|person| person.id.as_str().to_owned())
            .try_collect()
            .await
            .unwrap();
        assert_eq!(rest, all[taken..], "{taken}");
    }
}

#[tokio::test]
async fn a3_pages_can_be_taken_up_by_their_cursor() {
    let live = Live::connected().await;
    let mut pages = live.event().participants().per_page(10).pages();
    assert_eq!(pages.cursor(), None);
    pages.next_page().await.unwrap().unwrap();
    let cursor = pages.cursor().unwrap().to_owned();
    let second = pages.next_page().await.unwrap();
    let mut again = live.event().participants().per_page(10).pages().resume(cursor);
    assert_eq!(again.next_page().await.unwrap(), second);
    while pages.next_page().await.unwrap().is_some() {}
    assert!(pages.is_done());
    assert_eq!(pages.cursor(), None);
    assert_eq!(pages.next_page().await.unwrap(), None);
}

#[tokio::test]
async fn a3_after_an_error_the_same_page_is_read_again() {
    let live = Live::connected().await;
    let mut pages = live.event().participants().per_page(10).pages();
    let first = pages.next_page().await.unwrap().unwrap();
    live.arm(&["unknown_error"]);
    pages.next_page().await.unwrap_err();
    let second = pages.next_page().await.unwrap().unwrap();
    assert_ne!(first, second);
    assert_eq!(pages.progress().pages, 2);
}

#[tokio::test]
async fn a4_dropping_a_stream_cancels_what_is_under_way() {
    let live = Live::connected().await;
    live.sandbox
        .arm(
            Fault::named("slow_answer")
                .at("participants")
                .with_delay(Duration::from_secs(60)),
        )
        .unwrap();
    let mut people = live.event().participants().stream();
    let first = tokio::time::timeout(Duration::from_millis(300), people.next()).await;
    assert!(first.is_err());
    assert_eq!(live.wire.in_flight(), 1);
    drop(people);
    assert_eq!(live.wire.in_flight(), 0);
    // Its place among the calls in flight becomes free.
    let event = live.event();
    for read in futures_util::future::join_all((0..5).map(|_| event.get())).await {
        read.unwrap();
    }
    assert_eq!(live.rate_limited().await, 0);
}

#[tokio::test]
async fn a5_a_bad_cursor_is_told() {
    let live = Live::connected().await;
    let list = live
        .event()
        .participants()
        .resume(Bookmark::at_cursor("nonsense & more"));
    let error = list.stream().try_next().await.unwrap_err();
    let Error::Refused {
        status,
        code,
        details,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!((*status, code), (400, &ApiErrorCode::InvalidRequest));
    assert_eq!(details.json("parameter"), Some("\"cursor\""));
    assert_eq!(error.kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn a6_every_page_is_asked_for_with_credentials_version_and_an_id_of_its_own() {
    let live = Live::connected().await;
    live.wire.take_reads();
    ids(&live, 10).await;
    let requests = live.wire.take_reads();
    assert!(requests.len() > 2);
    let mut seen = HashSet::new();
    for request in &requests {
        let headers = request.headers();
        assert!(
            headers[AUTHORIZATION]
                .to_str()
                .unwrap()
                .starts_with("Bearer rev_install_")
        );
        assert!(headers[AUTHORIZATION].is_sensitive());
        assert_eq!(headers["accept"], "application/vnd.revento.v1+json");
        assert!(seen.insert(headers["x-revento-request-id"].to_str().unwrap()));
    }
}

#[tokio::test]
async fn progress_is_told_after_each_page_and_size_hints_are_true() {
    let live = Live::connected().await;
    let all = ids(&live, 10).await;
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::<Progress>::new()));
    let tell = std::sync::Arc::clone(&told);
    let list = live.event().participants().per_page(10);
    let mut people = list
        .on_progress(move |progress| tell.lock().unwrap().push(progress.clone()))
        .stream();
    assert_eq!(people.size_hint(), (0, None));
    for left in (0..all.len()).rev() {
        people.try_next().await.unwrap().unwrap();
        let (least, most) = people.size_hint();
        assert!(least <= left && most.is_none_or(|most| most >= left));
    }
    assert_eq!(people.size_hint(), (0, Some(0)));
    assert!(people.next().await.is_none());
    let told = told.lock().unwrap();
    assert_eq!(told.last().unwrap().items, all.len() as u64);
    assert!(!told.last().unwrap().has_more && told[0].has_more);
}

#[tokio::test]
async fn a27_what_is_awaited_can_be_sent_to_other_threads() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let live = Live::connected().await;
    let event = live.event();
    let people = sendable(event.participants().stream());
    tokio::spawn(sendable(people.collect::<Vec<_>>())).await.unwrap();
    tokio::spawn(sendable(async move { event.get().await }))
        .await
        .unwrap()
        .unwrap();
    drop(sendable(live.event().participants().pages().into_stream()));
}
