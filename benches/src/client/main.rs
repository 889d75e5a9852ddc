//! `revento-bench-client measure [--json]`: measures the read of a page, by our client and by hand. It starts itself with `serve`
//! as the platform, and with `memory` to measure the peak memory of a stream.

mod bare;
#[path = "../clock.rs"]
#[allow(dead_code, reason = "shared with the other measurements")]
mod clock;
mod measure;
mod ours;
mod parse;
mod platform;
mod report;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["serve"] => runtime.block_on(platform::serve()),
        ["memory", base, items] => {
            let items = items.parse().expect("a number");
            println!("{}", runtime.block_on(ours::peak_memory(base, items)));
        }
        ["measure", ..] => report::print(&measure::all(&runtime), json),
        _ => {
            eprintln!("usage: revento-bench-client measure [--json]");
            std::process::exit(2);
        }
    }
}
