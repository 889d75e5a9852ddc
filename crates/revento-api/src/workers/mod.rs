//! What has to run beside the calls. Each worker is a future that the program spawns: `run(stop)` ends when `stop`
//! resolves.

mod background;
mod refresh_idle;

pub use self::{
    background::Background,
    refresh_idle::{ConsentEnding, RefreshIdle},
};
