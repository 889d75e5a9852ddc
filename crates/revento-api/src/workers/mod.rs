//! What has to run beside the calls. Each worker is a future that the program spawns: `run(stop)` ends when `stop`
//! resolves. May use `session`, `sealed_tokens`, `tasks`, `runtime`.

mod background;
mod refresh_idle;

pub use self::{
    background::Background,
    refresh_idle::{ConsentEnding, RefreshIdle},
};
