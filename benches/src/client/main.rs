//! `revento-bench-client measure [--json]`: what reading a page costs, ours and by hand. `serve` is the platform that it
//! starts for itself, `memory <items>` the most memory that a stream over so many takes.

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
