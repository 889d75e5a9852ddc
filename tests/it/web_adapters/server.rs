//! The same site behind each adapter.

use std::convert::Infallible;
use std::net::SocketAddr;

use http::request::Parts;
use http::{Method, Request, Response, header::CONTENT_SECURITY_POLICY, header::SET_COOKIE};
use revento_core::Scope;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::site::Site;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Adapter {
    Tower,
    Axum,
    Actix,
}

/// A running server. It ends when this value is dropped.
pub(super) struct Server {
    pub(super) base: String,
    _stop: oneshot::Sender<()>,
}

impl Adapter {
    pub(super) async fn serve(self, site: &Site) -> Server {
        let (stop, stopped) = oneshot::channel();
        let site = site.clone();
        let address = match self {
            Self::Tower => tower(site, stopped).await,
            Self::Axum => axum(site, stopped).await,
            Self::Actix => actix(site, stopped).await,
        };
        Server {
            base: format!("http://{address}"),
            _stop: stop,
        }
    }
}

type Stopped = oneshot::Receiver<()>;

const OWN_POLICY: &str = "default-src 'self'";

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn tower(site: Site, stopped: Stopped) -> SocketAddr {
    use hyper_util::{
        rt::{TokioExecutor, TokioIo},
        server::conn::auto,
        service::TowerToHyperService,
    };
    use revento_tower::{FlowError, FlowOutcome, LocalPath, redirect};
    use tower::{Layer, ServiceExt, service_fn};

    fn or_text(begun: Result<Response<String>, FlowError>) -> Response<String> {
        begun.unwrap_or_else(|error| error.to_response())
    }

    async fn callback(site: &Site, head: &Parts) -> Response<String> {
        let FlowOutcome { headers, result } = site.flow.finish(head).await;
        headers.apply(match result {
            Ok(_) => redirect(&LocalPath::root()),
            Err(error) => error.to_response(),
        })
    }

    async fn changes(site: Site, head: Parts) -> Result<Response<String>, Infallible> {
        let mut response = Response::new("done".to_owned());
        if head.uri.path() == "/logout" {
            let removal = site.sessions.sign_out(&head.headers).await;
            response
                .headers_mut()
                .extend(removal.map(|value| (SET_COOKIE, value)));
        }
        Ok(response)
    }

    let routes = site.routes.clone();
    let router = service_fn(move |request: Request<hyper::body::Incoming>| {
        let site = site.clone();
        async move {
            let (head, _) = request.into_parts();
            Ok::<_, Infallible>(match (&head.method, head.uri.path()) {
                (_, "/own/connect") => {
                    or_text(site.flow.begin_from_panel(&head, [Scope::EventRead].into()).await)
                }
                (_, "/own/callback") => callback(&site, &head).await,
                (_, "/webview") => {
                    let found = site.sessions.require(&head).await;
                    let mut page =
                        found.map_or_else(|login| login, |found| Response::new(found.user_id.to_string()));
                    site.platform_only.add_to(page.headers_mut());
                    page
                }
                (_, "/policy") => {
                    let page = service_fn(async |_: Request<()>| {
                        let page = Response::builder().header(CONTENT_SECURITY_POLICY, OWN_POLICY);
                        Ok::<_, Infallible>(page.body("a page".to_owned()).unwrap())
                    });
                    let head = Request::from_parts(head, ());
                    site.no_frame.layer(page).oneshot(head).await?
                }
                (_, "/seats") | (&Method::POST, "/logout") => {
                    let same_origin = site.same_origin.clone();
                    let page =
                        service_fn(move |request: Request<()>| changes(site.clone(), request.into_parts().0));
                    let head = Request::from_parts(head, ());
                    same_origin.layer(page).oneshot(head).await?
                }
                _ => Response::builder().status(404).body(String::new()).unwrap(),
            })
        }
    });
    let (listener, address) = listen().await;
    let serve = async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(routes.layer(router.clone()));
            tokio::spawn(async move {
                let http = auto::Builder::new(TokioExecutor::new());
                http.serve_connection(TokioIo::new(stream), service).await.ok();
            });
        }
    };
    tokio::spawn(async move {
        tokio::select! {
            () = serve => {}
            _ = stopped => {}
        }
    });
    address
}

async fn axum(site: Site, stopped: Stopped) -> SocketAddr {
    use axum::Router;
    use axum::extract::State;
    use axum::response::{AppendHeaders, IntoResponse};
    use axum::routing::{get, post};
    use revento_axum::{FlowOutcome, FlowRejection, LocalPath, redirect};

    async fn connect(State(site): State<Site>, head: Parts) -> Result<Response<String>, FlowRejection> {
        Ok(site
            .flow
            .begin_from_panel(&head, [Scope::EventRead].into())
            .await?)
    }

    async fn callback(State(site): State<Site>, head: Parts) -> axum::response::Response {
        let FlowOutcome { headers, result } = site.flow.finish(&head).await;
        headers.apply(
            result
                .map(|_| redirect(&LocalPath::root()))
                .map_err(FlowRejection)
                .into_response(),
        )
    }

    async fn webview(State(site): State<Site>, head: Parts) -> Result<String, Response<String>> {
        Ok(site.sessions.require(&head).await?.user_id.to_string())
    }

    async fn logout(State(site): State<Site>, head: Parts) -> impl IntoResponse {
        let removal = site.sessions.sign_out(&head.headers).await;
        (
            AppendHeaders(removal.map(|removal| (SET_COOKIE, removal))),
            "done",
        )
    }

    let app = Router::new()
        .route("/seats", post(async || "done").get(async || "done"))
        .route("/logout", post(logout))
        .layer(site.same_origin.clone())
        .route("/own/connect", get(connect))
        .route("/own/callback", get(callback))
        .merge(
            Router::new()
                .route("/webview", get(webview))
                .layer(site.platform_only.clone()),
        )
        .merge(
            Router::new()
                .route(
                    "/policy",
                    get(async || ([(CONTENT_SECURITY_POLICY, OWN_POLICY)], "a page")),
                )
                .layer(site.no_frame.clone()),
        )
        .layer(site.routes.clone())
        .with_state(site);
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        axum::serve(listener, app)
            .with_graceful_shutdown(async { drop(stopped.await) })
            .await
            .unwrap();
    });
    address
}

async fn actix(site: Site, stopped: Stopped) -> SocketAddr {
    use actix_web::rt::System;
    use actix_web::web::{self, Data};
    use actix_web::{App, HttpResponse, HttpServer};
    use revento_actix::{
        Browser, FlowOutcome, FlowRejection, FrameAncestorsMiddleware, LocalPath, SameOriginMiddleware,
        authorization_routes, copy_headers, flow_response, redirect, with_flow_headers,
    };

    async fn connect(site: Data<Site>, browser: Browser) -> Result<HttpResponse, FlowRejection> {
        let begun = site.flow.begin_from_panel(&browser.0, [Scope::EventRead].into());
        Ok(flow_response(begun.await?))
    }

    async fn callback(site: Data<Site>, browser: Browser) -> Result<HttpResponse, FlowRejection> {
        let FlowOutcome { headers, result } = site.flow.finish(&browser.0).await;
        match result {
            Ok(_) => Ok(with_flow_headers(
                headers,
                flow_response(redirect(&LocalPath::root())),
            )),
            Err(error) => Err(FlowRejection::from(error).with_headers(headers)),
        }
    }

    async fn webview(site: Data<Site>, browser: Browser) -> HttpResponse {
        match site.sessions.require(&browser.0).await {
            Ok(session) => HttpResponse::Ok().body(session.user_id.to_string()),
            Err(login) => flow_response(login),
        }
    }

    async fn logout(site: Data<Site>, browser: Browser) -> HttpResponse {
        let mut response = HttpResponse::Ok().body("done");
        let removal = site.sessions.sign_out(&browser.0.headers).await;
        let removal = removal.map(|removal| (SET_COOKIE, removal));
        copy_headers(&removal.into_iter().collect(), response.headers_mut());
        response
    }

    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        System::new().block_on(async move {
            let server = HttpServer::new(move || {
                let same_origin = SameOriginMiddleware::new(site.same_origin.clone());
                App::new()
                    .app_data(Data::new(site.clone()))
                    .configure(authorization_routes(site.routes.clone()))
                    .route("/own/connect", web::route().to(connect))
                    .route("/own/callback", web::route().to(callback))
                    .service(
                        web::resource("/webview")
                            .wrap(FrameAncestorsMiddleware::new(site.platform_only.clone()))
                            .to(webview),
                    )
                    .service(
                        web::resource("/policy")
                            .wrap(FrameAncestorsMiddleware::new(site.no_frame.clone()))
                            .to(async || {
                                HttpResponse::Ok()
                                    .insert_header((CONTENT_SECURITY_POLICY.as_str(), OWN_POLICY))
                                    .body("a page")
                            }),
                    )
                    .service(
                        web::resource("/seats")
                            .wrap(same_origin.clone())
                            .to(async || "done"),
                    )
                    .service(
                        web::resource("/logout")
                            .wrap(same_origin)
                            .route(web::post().to(logout)),
                    )
            })
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
            tell.send(server.addrs()[0]).unwrap();
            let server = server.run();
            let handle = server.handle();
            actix_web::rt::spawn(async move {
                stopped.await.ok();
                handle.stop(false).await;
            });
            server.await.unwrap();
        });
    });
    told.await.unwrap()
}
