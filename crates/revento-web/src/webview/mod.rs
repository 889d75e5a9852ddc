//! Pages that the platform shows in a frame (contract §5).

mod connection_checks;
mod cookie;
mod frame;
mod session;
mod sign_in;
mod signed_in_mark;

pub use self::{
    cookie::{CookieError, WebviewCookie},
    frame::{FrameAncestors, FrameAncestorsService},
    session::{WebviewSession, WebviewSessions},
    sign_in::SignInError,
};
