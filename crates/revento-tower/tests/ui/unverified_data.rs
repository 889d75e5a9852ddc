use revento_core::resource::Application;
use revento_tower::{Gate, HandlerEndpoint, Unavailable};
use revento_webhooks::Verifier;

async fn unverified(_: Application) -> Result<(), Unavailable> {
    Ok(())
}

fn main() {
    let gate = Gate::new(Verifier::new("whsec_example").unwrap());
    HandlerEndpoint::new(gate, unverified);
}
