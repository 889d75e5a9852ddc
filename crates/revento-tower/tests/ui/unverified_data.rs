use revento_core::resource::Application;
use revento_tower::{HandlerEndpoint, Unavailable};
use revento_webhooks::Verifier;

async fn unverified(_: Application) -> Result<(), Unavailable> {
    Ok(())
}

fn main() {
    let verifier = Verifier::new("whsec_example_secret").unwrap();
    HandlerEndpoint::new(verifier, unverified);
}
