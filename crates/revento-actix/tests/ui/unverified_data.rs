use revento_actix::{Unavailable, handler_route};
use revento_core::resource::Application;
use revento_webhooks::Verifier;

async fn unverified(_: Application) -> Result<(), Unavailable> {
    Ok(())
}

fn main() {
    let verifier = Verifier::new("whsec_example_secret").unwrap();
    handler_route(verifier, unverified);
}
