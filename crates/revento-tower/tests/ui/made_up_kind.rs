use revento_core::resource::Application;
use revento_tower::Webhook;

fn approved(webhook: &Webhook<Application>) -> &Application {
    webhook.data()
}

fn main() {
    let _ = approved;
}
