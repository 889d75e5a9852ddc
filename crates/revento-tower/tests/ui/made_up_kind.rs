use revento_core::resource::Application;
use revento_tower::VerifiedWebhook;

fn approved(_: &VerifiedWebhook<Application>) {}

fn main() {
    let _ = approved;
}
