#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| revento_fuzz::run("pages", data));
