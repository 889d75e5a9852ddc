//! Pages that the platform shows in a frame (contract §5).

mod cookie;
mod frame;
mod session;
pub(crate) mod visit;

pub use self::{
    cookie::{CookieRefused, WebviewCookie},
    frame::{FrameAncestors, Framed, OriginError},
    session::{SignInError, WebviewSession, WebviewSessions},
};
