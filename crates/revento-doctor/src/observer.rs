//! Following an examination while it runs.

use crate::check::Check;
use crate::plan::Plan;
use crate::report::CheckResult;

/// Is told what happens during an examination. `()` ignores it.
pub trait Observer: Send {
    /// The examination begins, and is going to do this.
    fn planned(&mut self, plan: &Plan) {
        let _ = plan;
    }

    /// The doctor has its platform, and the integration can be started with these variables. Called before the doctor waits for the
    /// integration.
    fn ready(&mut self, variables: &[(String, String)], console_url: &str) {
        let _ = (variables, console_url);
    }

    /// A check begins: the `number`th of `total`, counted from 1. A check that has to wait for something begins again at the end.
    fn begun(&mut self, check: &'static Check, number: usize, total: usize) {
        let _ = (check, number, total);
    }

    /// A check has its result. Secrets in its evidence are replaced, as in the report.
    fn finished(&mut self, result: &CheckResult) {
        let _ = result;
    }
}

impl Observer for () {}
