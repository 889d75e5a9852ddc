use revento_tower::{HandlerEndpoint, Unavailable};
use revento_webhooks::Verifier;

fn main() {
    let verifier = Verifier::new("whsec_example_secret").unwrap();
    let handler = async |_: Vec<u8>| Ok::<(), Unavailable>(());
    HandlerEndpoint::new(verifier, handler);
}
