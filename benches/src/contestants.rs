//! The contestants. Each verifies the same body from the headers of an `http` request.

use std::hint::black_box;

use revento_webhooks::{Headers, Verifier};

use crate::{
    message::{Message, SECRET},
    peers,
};

pub struct Contestant<'m> {
    pub name: &'static str,
    pub run: Box<dyn FnMut() -> bool + 'm>,
}

pub const OURS: &str = "revento-webhooks";

pub fn all(message: &Message) -> Vec<Contestant<'_>> {
    vec![
        Contestant {
            name: "floor",
            run: peers::floor(message),
        },
        Contestant {
            name: OURS,
            run: ours(message),
        },
        Contestant {
            name: "RustCrypto by hand",
            run: peers::rust_crypto(message),
        },
        Contestant {
            name: "ring",
            run: peers::ring(message),
        },
        Contestant {
            name: "aws-lc-rs",
            run: peers::aws_lc(message),
        },
        Contestant {
            name: "svix",
            run: peers::svix(message),
        },
        Contestant {
            name: "standardwebhooks",
            run: peers::standard(message),
        },
    ]
}

fn ours(message: &Message) -> Box<dyn FnMut() -> bool + '_> {
    let verifier = Verifier::new(SECRET).expect("a secret");
    Box::new(move || {
        let message = black_box(message);
        Headers::collect(&message.headers)
            .map_err(Into::into)
            .and_then(|headers| verifier.verify(&headers, &message.body, message.now))
            .is_ok_and(|verified| verified.body().len() == message.body.len())
    })
}
