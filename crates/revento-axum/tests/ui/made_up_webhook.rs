use revento_axum::Webhook;
use revento_core::kind::AnyEvent;

fn made_up(inner: revento_tower::Webhook<AnyEvent>) -> Webhook<AnyEvent> {
    Webhook(inner)
}

fn main() {
    let _ = made_up;
}
