//! How long a session lives, and whose it is.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use http::{HeaderMap, header::COOKIE};
use revento_seal::{KeyRing, SealingKey};
use revento_web::SignInError;

use super::{Service, connection};
use crate::flow::browser::keys;

#[tokio::test]
async fn s1_only_a_login_makes_a_session_and_what_is_bogus_is_none() {
    let service = Service::start().await;
    let good = service.sign_in(&HeaderMap::new()).await;
    let value = good[COOKIE].to_str().unwrap().to_owned();
    let found = service.find(&good).await.unwrap();
    assert_eq!(
        (found.event_id.as_str(), found.user_id.as_str()),
        ("evt_1", "usr_1")
    );
    assert!(service.find(&HeaderMap::new()).await.is_none());
    let name = value.split('=').next().unwrap();
    for bogus in [
        "",
        "abc",
        "4f1c4f1c",
        "%",
        &"A".repeat(5000),
        &value[name.len() + 1..value.len() - 2],
    ] {
        let headers = HeaderMap::from_iter([(COOKIE, format!("{name}={bogus}").parse().unwrap())]);
        assert!(service.find(&headers).await.is_none(), "{bogus}");
        // A login does not adopt it, but creates another session.
        let after = service.sign_in(&headers).await;
        assert!(!after[COOKIE].to_str().unwrap().ends_with(bogus) || bogus.is_empty());
        assert!(service.find(&after).await.is_some());
    }
}

#[tokio::test]
async fn s2_a_login_makes_a_new_session_and_ends_the_old_one() {
    let service = Service::start().await;
    let planted = service.sign_in(&HeaderMap::new()).await;
    let own = service.sign_in(&planted).await;
    assert_ne!(planted[COOKIE], own[COOKIE]);
    assert!(
        service.find(&planted).await.is_none(),
        "whoever planted it is out"
    );
    assert!(service.find(&own).await.is_some());
    let gone = service.sessions.sign_out(&own).await.unwrap();
    assert!(gone.to_str().unwrap().contains("Max-Age=0"));
    assert!(service.find(&own).await.is_none());
}

#[tokio::test]
async fn k15_a_session_that_is_over_is_none_though_its_cookie_comes() {
    let mut service = Service::start().await;
    service.sessions = service.sessions.lifetime(Duration::ZERO);
    let over = service.sign_in(&HeaderMap::new()).await;
    assert!(service.find(&over).await.is_none());
}

#[tokio::test]
async fn t18_an_organizers_connection_signs_nobody_in() {
    let sessions = Service::start().await.sessions;
    let refused = sessions.sign_in(&HeaderMap::new(), &connection(None)).await;
    assert!(matches!(refused, Err(SignInError::NotAParticipant)));
}

#[tokio::test]
async fn h15_a_session_ends_within_seconds_after_its_connection() {
    let service = Service::start().await;
    let own = service.sign_in(&HeaderMap::new()).await;
    assert!(service.find(&own).await.is_some());
    service.disconnect("usr_1").await;
    service.clock.0.store(4, SeqCst);
    assert!(
        service.find(&own).await.is_some(),
        "the store's answer counts for 5 seconds"
    );
    service.clock.0.store(5, SeqCst);
    assert!(service.find(&own).await.is_none());
    // A login on another device does not revive it.
    service.connect("usr_1").await;
    assert!(service.find(&own).await.is_none());
    let other = service.sign_in(&HeaderMap::new()).await;
    assert!(service.find(&other).await.is_some());
}

#[tokio::test]
async fn h15_a_session_never_outlives_the_lifetime_of_today() {
    let mut service = Service::start().await;
    service.sessions = service.sessions.lifetime(Duration::from_secs(3600));
    let own = service.sign_in(&HeaderMap::new()).await;
    service.clock.0.store(600, SeqCst);
    assert!(service.find(&own).await.is_some());
    service.sessions = service.sessions.lifetime(Duration::from_secs(600));
    assert!(service.find(&own).await.is_none());
    // One from the future would live too long.
    service.sessions = service.sessions.lifetime(Duration::from_secs(3600));
    service.clock.0.store(-61, SeqCst);
    assert!(service.find(&own).await.is_none());
}

#[tokio::test]
async fn h15_a_session_is_bound_to_client_and_redirect_uri() {
    let service = Service::start().await;
    let own = service.sign_in(&HeaderMap::new()).await;
    for (client_id, redirect_uri) in [
        ("client2", "https://app.test/callback"),
        ("client", "https://app.test/callback/"),
    ] {
        let other = service.beside(client_id, redirect_uri, &keys());
        // Even under the other's name.
        let name = other.sign_in(&HeaderMap::new()).await[COOKIE]
            .to_str()
            .unwrap()
            .to_owned();
        let (name, _) = name.split_once('=').unwrap();
        let (_, value) = own[COOKIE].to_str().unwrap().split_once('=').unwrap();
        let moved = HeaderMap::from_iter([(COOKIE, format!("{name}={value}").parse().unwrap())]);
        assert!(other.find(&moved).await.is_none());
    }
    let replica = service.beside("client", "https://app.test/callback", &keys());
    assert!(replica.find(&own).await.is_some());
}

/// Whoever has the old key can forge a session as long as it counts.
#[tokio::test]
async fn h15_a_leaked_key_opens_no_session() {
    let service = Service::start().await;
    let forged = service.sign_in(&HeaderMap::new()).await;
    let new = || KeyRing::new(SealingKey::from_bytes([8; 32]));
    let uri = "https://app.test/callback";
    let routine = new().with_previous(SealingKey::from_bytes([7; 32])).unwrap();
    assert!(
        service
            .beside("client", uri, &routine)
            .find(&forged)
            .await
            .is_some()
    );
    let leaked = new().with_leaked(SealingKey::from_bytes([7; 32])).unwrap();
    assert!(
        service
            .beside("client", uri, &leaked)
            .find(&forged)
            .await
            .is_none()
    );
}

#[tokio::test]
async fn h12_junk_of_the_same_name_and_a_neighbours_bytes_do_not_hide_a_session() {
    let service = Service::start().await;
    let own = service.sign_in(&HeaderMap::new()).await;
    let pair = own[COOKIE].to_str().unwrap();
    let (name, _) = pair.split_once('=').unwrap();
    for line in [
        format!("city=Zürich; {name}=junk; {name}=; {pair}").into_bytes(),
        [b"city=Z\xfcrich; ", pair.as_bytes()].concat(),
    ] {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b".parse().unwrap());
        headers.append(COOKIE, http::HeaderValue::from_bytes(&line).unwrap());
        assert!(service.find(&headers).await.is_some());
    }
}
