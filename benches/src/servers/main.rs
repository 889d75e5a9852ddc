//! `revento-bench-servers <name> <port>`: one server on one thread; `request <bytes>`: the request that wrk sends.

mod actix_web_server;
mod axum_servers;
mod request;
mod tower_server;

pub const SECRET: &str = "whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, number] = arguments.as_slice() else {
        eprintln!(
            "usage: revento-bench-servers <bare-axum|axum|axum-layer|axum-typed|tower|actix|actix-middleware> <port> | request <bytes>"
        );
        std::process::exit(2);
    };
    let number: u16 = number.parse().expect("a number");
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime")
    };
    match what.as_str() {
        "request" => print!("{}", request::script(usize::from(number))),
        "bare-axum" => runtime().block_on(axum_servers::bare(number)),
        "axum" => runtime().block_on(axum_servers::verified(number)),
        "axum-layer" => runtime().block_on(axum_servers::layered(number)),
        "axum-typed" => runtime().block_on(axum_servers::typed(number)),
        "tower" => runtime().block_on(tower_server::verified(number)),
        "actix" => actix_web_server::verified(number),
        "actix-middleware" => actix_web_server::behind_middleware(number),
        other => panic!("there is no {other}"),
    }
}

fn verifier() -> revento_tower::RequestVerifier {
    revento_tower::RequestVerifier::new(revento_webhooks::Verifier::new(SECRET).expect("a secret"))
}
