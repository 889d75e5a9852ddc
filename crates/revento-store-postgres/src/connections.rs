//! How the pool opens a connection.

use revento_store::connection_pool::{self, Connect, ConnectionPool, NotAcquired};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};

use crate::error::is_passing_refusal;

/// The connections of a store.
pub(crate) type Connections = ConnectionPool<Connector>;
pub(crate) type Checkout = connection_pool::Checkout<Connector>;

/// Opens connections.
#[derive(Debug)]
pub(crate) struct Connector(pub(crate) PgConnectOptions);

impl Connect for Connector {
    type Connection = PgConnection;
    type Error = sqlx::Error;

    async fn open(&self) -> Result<PgConnection, sqlx::Error> {
        self.0.connect().await
    }

    async fn close(&self, connection: PgConnection) {
        // The socket is closed in any case.
        let _ = connection.close().await;
    }

    fn may_pass(&self, error: &sqlx::Error) -> bool {
        is_passing_refusal(error)
    }
}

pub(crate) fn not_acquired(error: NotAcquired<sqlx::Error>) -> sqlx::Error {
    match error {
        NotAcquired::TimedOut => sqlx::Error::PoolTimedOut,
        NotAcquired::Closed => sqlx::Error::PoolClosed,
        NotAcquired::Refused(error) => error,
    }
}
