//! Pages that the platform shows in a frame (contract §5).

mod cookie;
mod frame;
mod session;

pub use self::{
    cookie::{CookieError, WebviewCookie},
    frame::{FrameAncestors, FrameAncestorsService, OriginError},
    session::{SignInError, WebviewSession, WebviewSessions},
};
