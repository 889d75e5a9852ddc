//! Bare hyper with our tower service.

use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use revento_tower::{HandlerEndpoint, Unavailable, VerifiedDelivery};
use tokio::net::TcpListener;

pub async fn verified(port: u16) {
    async fn handle(delivery: VerifiedDelivery) -> Result<(), Unavailable> {
        std::hint::black_box(delivery.body());
        Ok(())
    }
    let service = TowerToHyperService::new(HandlerEndpoint::new(crate::verifier(), handle));
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        stream.set_nodelay(true).ok();
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service.clone());
        tokio::spawn(connection);
    }
}
