use revento_tower::{Gate, HandlerEndpoint, Unavailable};
use revento_webhooks::Verifier;

fn main() {
    let gate = Gate::new(Verifier::new("whsec_example").unwrap());
    let handler = async |_: Vec<u8>| Ok::<(), Unavailable>(());
    HandlerEndpoint::new(gate, handler);
}
