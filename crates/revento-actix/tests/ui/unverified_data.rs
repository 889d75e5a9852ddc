use revento_actix::{Gate, Unavailable, handler};
use revento_core::resource::Application;
use revento_webhooks::Verifier;

async fn unverified(_: Application) -> Result<(), Unavailable> {
    Ok(())
}

fn main() {
    let gate = Gate::new(Verifier::new("whsec_example").unwrap());
    handler(gate, unverified);
}
