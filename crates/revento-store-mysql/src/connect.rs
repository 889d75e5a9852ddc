//! How the pool opens a connection.

use revento_store::connection_pool::{Connect, ConnectionPool};
use sqlx::{ConnectOptions as _, Connection as _, MySqlConnection, mysql::MySqlConnectOptions};

use crate::error::is_passing_refusal;

pub(crate) type Connections = ConnectionPool<Connector>;

/// Opens connections.
#[derive(Debug)]
pub(crate) struct Connector(pub(crate) MySqlConnectOptions);

impl Connect for Connector {
    type Connection = MySqlConnection;
    type Error = sqlx::Error;

    async fn open(&self) -> Result<MySqlConnection, sqlx::Error> {
        self.0.connect().await
    }

    async fn close(&self, connection: MySqlConnection) {
        // The socket is closed in any case.
        let _ = connection.close().await;
    }

    fn may_pass(&self, error: &sqlx::Error) -> bool {
        is_passing_refusal(error)
    }
}
