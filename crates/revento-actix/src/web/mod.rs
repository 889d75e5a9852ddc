//! Pages for people in actix-web: the types of `revento-web` and those of actix. actix-web has the types of `http` 0.2.

mod middleware;
mod rejection;
mod request;
mod response;
mod routes;

pub use self::{
    middleware::{
        FrameAncestorsMiddleware, FrameAncestorsMiddlewareService, SameOriginMiddleware,
        SameOriginMiddlewareService,
    },
    rejection::FlowRejection,
    request::Browser,
    response::{copy_headers, flow_response, with_flow_headers},
    routes::authorization_routes,
};
