//! Pages that the platform shows in a frame (contract §5).

mod cookie;
mod frame;

pub use self::{
    cookie::{CookieRefused, WebviewCookie},
    frame::{FrameAncestors, Framed, OriginError},
};
