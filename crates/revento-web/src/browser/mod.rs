//! What a browser sends and gets, over plain `http` types and without a framework.

pub(crate) mod cookies;
mod local_path;
mod origin;
pub(crate) mod page;
pub(crate) mod request;
mod same_origin;

pub(crate) use self::origin::{is_https, parse_origin};
pub use self::{
    local_path::{LocalPath, LocalPathError},
    origin::OriginError,
    page::redirect,
    same_origin::{SameOrigin, SameOriginService},
};
