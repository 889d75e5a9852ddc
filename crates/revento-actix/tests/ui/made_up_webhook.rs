use revento_actix::Webhook;
use revento_core::kind::Event;

fn made_up(inner: revento_tower::Webhook<Event>) -> Webhook<Event> {
    Webhook(inner)
}

fn main() {
    let _ = made_up;
}
