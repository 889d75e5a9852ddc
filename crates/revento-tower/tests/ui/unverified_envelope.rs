use revento_core::Envelope;
use revento_tower::{HandlerEndpoint, Unavailable};
use revento_webhooks::Verifier;

async fn unverified(_: Envelope) -> Result<(), Unavailable> {
    Ok(())
}

fn main() {
    let verifier = Verifier::new("whsec_example_secret").unwrap();
    HandlerEndpoint::new(verifier, unverified);
}
