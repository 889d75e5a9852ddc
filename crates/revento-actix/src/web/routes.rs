//! The pages of the flows at their paths.

use actix_web::{HttpResponse, web};
use revento_web::AuthorizationRoutes;

use super::{request::Browser, response::flow_response};

/// Mounts the pages of the flows at their paths, for [`App::configure`](actix_web::App::configure).
///
/// ```
/// use actix_web::App;
/// use revento_actix::{AuthorizationRoutes, authorization_routes};
///
/// fn app(routes: AuthorizationRoutes) {
///     let app = App::new().configure(authorization_routes(routes));
/// #   drop(app);
/// }
/// ```
pub fn authorization_routes(routes: AuthorizationRoutes) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        for path in routes.paths() {
            let pages = routes.clone();
            let page = web::resource(path.to_owned()).to(move |request: Browser| {
                let pages = pages.clone();
                async move {
                    match pages.respond(&request.0).await {
                        Some(response) => flow_response(response),
                        None => HttpResponse::NotFound().finish(),
                    }
                }
            });
            config.service(page);
        }
    }
}
