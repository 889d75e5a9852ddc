//! The example integration records the platform's deadline once, and a new consent does not remove the duty.

use std::time::Duration;

use revento_core::Timestamp;
use serde_json::{Value, json};

use crate::support::service::{Environment, Example};
use crate::support::visitor::Visitor;
use crate::support::wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn q17_the_duty_has_the_platforms_deadline_and_outlives_a_new_consent() {
    for example in Example::ALL {
        let environment = Environment::start_with(example).await;
        let mut visitor = Visitor::new();
        connect(&environment, &mut visitor).await;
        assert!(deletions(&mut visitor, &environment).await.is_empty());

        let revoke = format!("/connections/{}/revoke", environment.event());
        environment.control.post(&revoke, json!({})).await;
        let duty = until("the integration records the duty", async || {
            let mut open = deletions(&mut Visitor::new(), &environment).await;
            open.pop().ok_or("no duty")
        })
        .await;
        assert_eq!(duty["event_id"], environment.event());
        assert_eq!(duty["reason"], "connection_revoked");
        let time = |name: &str| duty[name].as_str().unwrap().parse::<Timestamp>().unwrap();
        let allowed = time("deadline_at").saturating_since(time("ended_at"));
        assert_eq!(allowed, Duration::from_secs(30 * 86_400));

        connect(&environment, &mut visitor).await;
        let status = visitor
            .open(&format!("{}/api/status", environment.base_url))
            .await;
        let status: Value = serde_json::from_str(&status.body).unwrap();
        assert_eq!(status["status"], "connected");
        assert_eq!(deletions(&mut visitor, &environment).await, [duty]);
        environment.stop().await;
    }
}

async fn connect(environment: &Environment, visitor: &mut Visitor) {
    let consent = visitor.open(&format!("{}/connect", environment.base_url)).await;
    visitor.press(&consent, "Authorize", &[]).await;
}

async fn deletions(visitor: &mut Visitor, environment: &Environment) -> Vec<Value> {
    let page = visitor
        .open(&format!("{}/api/deletions", environment.base_url))
        .await;
    serde_json::from_str(&page.body).unwrap()
}
