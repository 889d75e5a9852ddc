//! Serves a sandbox until Ctrl-C: `cargo run -p revento-sandbox --example serve -- [ADDRESS]`.

use std::net::SocketAddr;

use revento_sandbox::Sandbox;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address: SocketAddr = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:4010".to_owned())
        .parse()?;
    let sandbox = Sandbox::builder()
        .listen(address)
        .redirect_uri("http://localhost:3000/callback")
        .webhook_url("http://localhost:3000/webhooks")
        .start()
        .await?;
    say(&sandbox.info().console_url);
    tokio::signal::ctrl_c().await?;
    sandbox.shutdown().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this program tells where to look")]
fn say(console: &str) {
    println!("The console is at {console}. Ctrl-C ends.");
}
