use revento_axum::{HandlerEndpoint, Unavailable};
use revento_core::resource::Application;
use revento_webhooks::Verifier;

async fn unverified(_: Application) -> Result<(), Unavailable> {
    Ok(())
}

fn main() {
    let verifier = Verifier::new("whsec_example_secret").unwrap();
    let _: axum::routing::MethodRouter = axum::routing::any_service(HandlerEndpoint::new(verifier, unverified));
}
