//! actix-web with our middleware in front of a handler that reads the body.

use actix_web::{App, HttpResponse, HttpServer, rt::System, web};
use revento_actix::Verify;

async fn read(body: web::Bytes) -> HttpResponse {
    if body.is_empty() {
        HttpResponse::BadRequest().finish()
    } else {
        HttpResponse::Ok().finish()
    }
}

pub fn verified(port: u16) {
    System::new().block_on(async move {
        HttpServer::new(|| {
            App::new().service(web::resource("/").wrap(Verify::new(crate::gate())).to(read))
        })
        .workers(1)
        .bind(("127.0.0.1", port))
        .expect("a free port")
        .run()
        .await
        .expect("a server");
    });
}
