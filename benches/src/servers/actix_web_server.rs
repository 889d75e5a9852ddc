//! actix-web with our extractor, and with our middleware in front of a handler that reads the body.

use actix_web::{
    App, HttpResponse, HttpServer,
    rt::System,
    web::{self, ServiceConfig},
};
use revento_actix::{RawWebhook, VerifyMiddleware};

/// The extractor reads and verifies the body.
pub fn verified(port: u16) {
    async fn read(RawWebhook(delivery): RawWebhook) -> HttpResponse {
        answer(delivery.body())
    }
    serve(port, |config| {
        config.service(
            web::resource("/")
                .app_data(web::Data::new(crate::verifier()))
                .to(read),
        );
    });
}

/// The middleware in front of a handler.
pub fn behind_middleware(port: u16) {
    async fn read(body: web::Bytes) -> HttpResponse {
        answer(&body)
    }
    serve(port, |config| {
        config.service(
            web::resource("/")
                .wrap(VerifyMiddleware::new(crate::verifier()))
                .to(read),
        );
    });
}

fn serve(port: u16, configure: fn(&mut ServiceConfig)) {
    System::new().block_on(async move {
        HttpServer::new(move || App::new().configure(configure))
            .workers(1)
            .bind(("127.0.0.1", port))
            .expect("a free port")
            .run()
            .await
            .expect("a server");
    });
}

fn answer(body: &[u8]) -> HttpResponse {
    if body.is_empty() {
        HttpResponse::BadRequest().finish()
    } else {
        HttpResponse::Ok().finish()
    }
}
