//! The SDK's sealers pass, and faulty ones are found.

use std::sync::Arc;

use async_trait::async_trait;
use revento_seal::{InsecurePlaintext, KeyRing, SealingKey};
use revento_store::{SealError, Sealed, Sealer, Unsealed};
use revento_store_testkit::{Report, SealerSuite, Subject};

fn ring() -> KeyRing {
    KeyRing::new(SealingKey::from_bytes([7; 32]))
}

async fn run(sealer: impl Fn() -> Arc<dyn Sealer> + Clone + Send + Sync + 'static) -> Report {
    let suite = SealerSuite::new(move || {
        let again = sealer.clone();
        let subject = Subject::new(sealer()).with_replicas(move || std::future::ready(Ok(again())));
        std::future::ready(Ok(subject))
    });
    suite.run().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_ring_passes() {
    run(|| Arc::new(ring())).await.assert_passed();
}

#[tokio::test(flavor = "multi_thread")]
async fn plaintext_passes_but_for_what_it_is_named_after() {
    let suite = SealerSuite::new(|| async {
        Ok(Subject::sealer(
            InsecurePlaintext::i_accept_that_tokens_are_stored_readable(),
        ))
    });
    let suite = [
        "k21_nothing_of_the_plaintext_shows",
        "k21_no_two_seals_are_equal",
        "k21_no_altered_byte_opens",
        "k21_nothing_cut_or_extended_opens",
    ]
    .into_iter()
    .fold(suite, |suite, check| suite.skip(check, "it does not encrypt"))
    .skip("with_replicas", "it has no key that a restart could lose");
    suite.run().await.assert_passed();
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    NoContext,
    FixedNonce,
    ForgetsItsKey,
    CutsToWhatFits,
    AlwaysReseals,
    PanicsWhenShort,
}

#[derive(Debug)]
struct Faulty(Fault, KeyRing);

#[derive(Debug)]
struct Zeros;

impl revento_store::Entropy for Zeros {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), revento_store::EntropyError> {
        bytes.fill(0);
        Ok(())
    }
}

impl Faulty {
    fn new(fault: Fault) -> Self {
        let ring = match fault {
            Fault::FixedNonce => ring().with_entropy(Arc::new(Zeros)),
            Fault::ForgetsItsKey => KeyRing::new(SealingKey::generate(&revento_store::OsEntropy).unwrap()),
            _ => ring(),
        };
        Self(fault, ring)
    }
}

#[async_trait]
impl Sealer for Faulty {
    async fn seal(&self, context: &str, plaintext: &[u8]) -> Result<Sealed, SealError> {
        match self.0 {
            Fault::NoContext => self.1.seal("", plaintext).await,
            Fault::CutsToWhatFits => {
                self.1
                    .seal(context, &plaintext[..plaintext.len().min(4096)])
                    .await
            }
            _ => self.1.seal(context, plaintext).await,
        }
    }

    async fn open(&self, context: &str, sealed: &Sealed) -> Result<Unsealed, SealError> {
        match self.0 {
            Fault::NoContext => self.1.open("", sealed).await,
            Fault::AlwaysReseals => Ok(Unsealed {
                reseal: true,
                ..self.1.open(context, sealed).await?
            }),
            Fault::PanicsWhenShort => {
                assert!(sealed.as_bytes().len() > 24, "as ordered");
                self.1.open(context, sealed).await
            }
            _ => self.1.open(context, sealed).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_faulty_sealer_is_found() {
    for (fault, check) in [
        (Fault::NoContext, "k21_another_context_does_not_open"),
        (Fault::FixedNonce, "k21_no_two_seals_are_equal"),
        (
            Fault::ForgetsItsKey,
            "k21_what_was_sealed_before_opens_after_a_restart",
        ),
        (Fault::CutsToWhatFits, "k8_everything_comes_back"),
        (Fault::AlwaysReseals, "k8_everything_comes_back"),
        (Fault::PanicsWhenShort, "k21_nothing_cut_or_extended_opens"),
    ] {
        let report = run(move || Arc::new(Faulty::new(fault))).await;
        crate::assert_fails(&report, check, &fault);
    }
}
