//! The servers that the tests were given.

use std::sync::atomic::{AtomicU32, Ordering};

use async_nats::{
    ConnectOptions,
    jetstream::{self, Context},
};
use revento_store_nats::{NatsOptions, NatsStore};
use revento_store_testkit::BoxError;

/// What the stores of a server are called.
const STREAMS: [&str; 5] = ["tokens", "inbox", "deletions", "marks", "budgets"];

/// A single server, or a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Servers {
    pub(crate) urls: String,
}

impl Servers {
    /// The single server; says that the test is skipped when there is none.
    pub(crate) fn one() -> Option<Self> {
        variable("REVENTO_TEST_NATS").map(|urls| Self { urls })
    }

    /// A store with streams of its own, which are deleted when the guard is dropped.
    pub(crate) async fn fresh(&self) -> Result<(NatsStore, Guard), BoxError> {
        // On a busy machine a server refuses a stream now and then ("error creating store for stream").
        for _ in 0..4 {
            if let Ok(opened) = self.open_fresh().await {
                return Ok(opened);
            }
        }
        self.open_fresh().await
    }

    async fn open_fresh(&self) -> Result<(NatsStore, Guard), BoxError> {
        let guard = Guard(Streams {
            servers: self.clone(),
            prefix: fresh_prefix(),
        });
        Ok((guard.0.open().await?, guard))
    }

    /// The same servers without the SDK.
    pub(crate) async fn context(&self) -> Result<Context, BoxError> {
        let urls: Vec<&str> = self.urls.split(',').collect();
        let (_, token) = urls[0].split_once("://").unwrap();
        let (token, _) = token.split_once('@').unwrap();
        let options = ConnectOptions::with_token(token.to_owned());
        Ok(jetstream::new(options.connect(urls).await?))
    }

    /// The server of the tests does not sync its disk.
    pub(crate) fn options(&self, prefix: &str) -> NatsOptions {
        NatsOptions::new(&self.urls).prefix(prefix).trust_the_server()
    }
}

/// A private cluster, if the tests were given the program. One runs at a time, because each one has three servers.
#[cfg(unix)]
pub(crate) async fn one_cluster() -> Option<(crate::cluster::Cluster, tokio::sync::MutexGuard<'static, ()>)> {
    static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let program = variable("REVENTO_TEST_NATS_SERVER")?;
    let one = ONE.lock().await;
    let cluster = tokio::task::block_in_place(|| crate::cluster::Cluster::start(program)).unwrap();
    Some((cluster, one))
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        println!("skipped: no {name} (cargo xtask test brings it)");
    }
    value
}

/// A prefix that nobody has used.
pub(crate) fn fresh_prefix() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("revento_test_{}_{count}", std::process::id())
}

/// The streams of one check.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    servers: Servers,
    pub(crate) prefix: String,
}

/// Deletes the streams when it is dropped.
pub(crate) struct Guard(Streams);

impl Guard {
    pub(crate) fn streams(&self) -> Streams {
        self.0.clone()
    }
}

impl Streams {
    /// Another handle, as another replica has it.
    pub(crate) async fn open(&self) -> Result<NatsStore, BoxError> {
        Ok(self.servers.options(&self.prefix).connect().await?)
    }

    /// Every message.
    pub(crate) async fn dump(&self) -> Result<Vec<u8>, BoxError> {
        let context = self.servers.context().await?;
        let mut all = Vec::new();
        for of in STREAMS {
            let stream = context.get_stream(format!("{}_{of}", self.prefix)).await?;
            let state = &stream.cached_info().state;
            for seq in state.first_sequence..=state.last_sequence {
                if let Ok(message) = stream.get_raw_message(seq).await {
                    all.extend_from_slice(message.subject.as_bytes());
                    all.extend(format!("{:?}", message.headers).into_bytes());
                    all.extend_from_slice(&message.payload);
                }
            }
        }
        Ok(all)
    }

    async fn delete(&self) -> Result<(), BoxError> {
        let context = self.servers.context().await?;
        for of in STREAMS {
            context.delete_stream(format!("{}_{of}", self.prefix)).await?;
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let streams = self.streams();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = streams.delete().await {
                    println!("the streams of {} are left behind: {error}", streams.prefix);
                }
            });
        }
    }
}
