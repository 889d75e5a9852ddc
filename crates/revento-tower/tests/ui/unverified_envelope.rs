use revento_core::Envelope;
use revento_tower::{Gate, HandlerEndpoint, Unavailable};
use revento_webhooks::Verifier;

async fn unverified(_: Envelope) -> Result<(), Unavailable> {
    Ok(())
}

fn main() {
    let gate = Gate::new(Verifier::new("whsec_example").unwrap());
    HandlerEndpoint::new(gate, unverified);
}
