//! The same verification with other crates, each as its documentation suggests, with the key prepared once.

use std::hint::black_box;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::message::{Message, SECRET, headers};

type Run<'m> = Box<dyn FnMut() -> bool + 'm>;

/// Only the SHA-256 compressions that the message needs with a prepared key, in two calls.
pub fn floor(message: &Message) -> Run<'_> {
    let text = message.timestamp.len() + 1 + message.body.len();
    let blocks = vec![[0x5a_u8; 64]; (text + 9).div_ceil(64)];
    let outer = [[0x36_u8; 64]];
    let mut state = [1_u32; 8];
    Box::new(move || {
        sha2::block_api::compress256(&mut state, black_box(&blocks));
        sha2::block_api::compress256(&mut state, black_box(&outer));
        black_box(&state);
        true
    })
}

/// The usual code: two headers, one HMAC, a comparison in constant time.
pub fn rust_crypto(message: &Message) -> Run<'_> {
    let key = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    Box::new(move || {
        let message = black_box(message);
        let Some((timestamp, claimed)) = by_hand(message) else {
            return false;
        };
        let mut mac = key.clone();
        mac.update(timestamp);
        mac.update(b".");
        mac.update(&message.body);
        mac.verify_slice(&claimed).is_ok()
    })
}

pub fn ring(message: &Message) -> Run<'_> {
    use ring::hmac;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    Box::new(move || {
        let message = black_box(message);
        let Some((timestamp, claimed)) = by_hand(message) else {
            return false;
        };
        let mut context = hmac::Context::with_key(&key);
        context.update(timestamp);
        context.update(b".");
        context.update(&message.body);
        subtle::ConstantTimeEq::ct_eq(context.sign().as_ref(), &claimed).into()
    })
}

pub fn aws_lc(message: &Message) -> Run<'_> {
    use aws_lc_rs::hmac;
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    Box::new(move || {
        let message = black_box(message);
        let Some((timestamp, claimed)) = by_hand(message) else {
            return false;
        };
        let mut context = hmac::Context::with_key(&key);
        context.update(timestamp);
        context.update(b".");
        context.update(&message.body);
        subtle::ConstantTimeEq::ct_eq(context.sign().as_ref(), &claimed).into()
    })
}

pub fn svix(message: &Message) -> Run<'_> {
    let webhook = svix::webhooks::Webhook::from_bytes(SECRET.into()).expect("a secret");
    let signature = webhook.sign("msg_1", message.now, &message.body).expect("text");
    let headers = headers([
        ("svix-id", "msg_1"),
        ("svix-timestamp", &message.timestamp),
        ("svix-signature", &signature),
    ]);
    Box::new(move || webhook.verify(black_box(&message.body), &headers).is_ok())
}

pub fn standard(message: &Message) -> Run<'_> {
    let webhook = standardwebhooks::Webhook::from_bytes(SECRET.into()).expect("a secret");
    let signature = webhook.sign("msg_1", message.now, &message.body).expect("text");
    let headers = headers([
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", &message.timestamp),
        ("webhook-signature", &signature),
    ]);
    Box::new(move || webhook.verify(black_box(&message.body), &headers).is_ok())
}

/// The timestamp's text if it is within the tolerance, and the claimed signature.
fn by_hand(message: &Message) -> Option<(&[u8], [u8; 32])> {
    let timestamp = message.headers.get("x-revento-timestamp")?;
    let signature = message.headers.get("x-revento-signature")?.to_str().ok()?;
    let seconds: i64 = timestamp.to_str().ok()?.parse().ok()?;
    if message.now.abs_diff(seconds) > 300 {
        return None;
    }
    Some((timestamp.as_bytes(), digits(signature.strip_prefix("sha256=")?)?))
}

fn digits(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
