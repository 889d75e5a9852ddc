use revento_axum::VerifiedWebhook;
use revento_core::kind::AnyEvent;

fn made_up(inner: revento_tower::VerifiedWebhook<AnyEvent>) -> VerifiedWebhook<AnyEvent> {
    VerifiedWebhook(inner)
}

fn main() {
    let _ = made_up;
}
