use revento_core::resource::Application;
use revento_tower::Webhook;

fn approved(_: &Webhook<Application>) {}

fn main() {
    let _ = approved;
}
