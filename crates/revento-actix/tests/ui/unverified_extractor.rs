use actix_web::{HttpResponse, web};
use revento_core::Envelope;

async fn unverified(_: Envelope) -> HttpResponse {
    HttpResponse::Ok().finish()
}

fn main() {
    web::resource("/webhooks").to(unverified);
}
