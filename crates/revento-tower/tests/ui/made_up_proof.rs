use revento_webhooks::{Headers, OfflineVerifier, Verified};

fn live(verified: Verified<'_>) {
    println!("{:?}", verified.body());
}

fn main() {
    let headers = Headers::collect([("x-revento-event", "a")]).unwrap();
    let recorded = OfflineVerifier::new("whsec_example_secret").unwrap().verify(&headers, b"").unwrap();
    live(recorded);
    live(Verified { headers, body: b"", timestamp: 0 });
}
