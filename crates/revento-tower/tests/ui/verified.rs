use revento_core::kind::{ApplicationApproved, Event};
use revento_tower::{Gate, HandlerEndpoint, Unavailable, Webhook};
use revento_webhooks::Verifier;

async fn approved(webhook: Webhook<ApplicationApproved>) -> Result<(), Unavailable> {
    println!("{}", webhook.data().id);
    Ok(())
}

async fn any(webhook: Webhook<Event>) -> Result<(), Unavailable> {
    println!("{}", webhook.envelope().event_type);
    Ok(())
}

fn main() {
    let gate = Gate::new(Verifier::new("whsec_example").unwrap());
    HandlerEndpoint::new(gate.clone(), approved);
    HandlerEndpoint::new(gate, any);
}
