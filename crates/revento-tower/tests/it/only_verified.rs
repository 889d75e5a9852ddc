//! The compiler refuses a handler that takes something unverified.

#[test]
fn w1_a_handler_takes_verified_webhooks_only() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/unverified_*.rs");
    cases.compile_fail("tests/ui/made_up_*.rs");
}
