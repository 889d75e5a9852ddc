//! Calls, and calls made again after their connection was lost.
//!
//! The server or a balancer may close an idle connection, and the next call notices. Then it is not known whether the call has arrived.
//! So each script recognizes a call that is made again: by a name of the call that the record keeps, or because the call changes
//! nothing when it is made twice.

use std::sync::atomic::Ordering;

use redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, ScriptInvocation};

use crate::RedisStore;

/// How often a call is made at most.
const MAX_ATTEMPTS: usize = 3;

/// Something to send.
#[derive(Clone, Copy)]
pub(crate) enum Call<'a> {
    Command(&'a Cmd),
    Pipeline(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

/// An answer, and the error of the attempt before it if the call was made more than once.
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    pub(crate) lost: Option<RedisError>,
}

impl RedisStore {
    /// A name for a call that no other call of any replica has.
    pub(crate) fn call_name(&self) -> String {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        format!("{}.{number}", self.instance)
    }

    /// Makes a call that may be made again.
    pub(crate) async fn call<T: FromRedisValue>(&self, call: Call<'_>) -> Result<T, RedisError> {
        Ok(self.call_and_tell(call).await?.value)
    }

    /// Makes a call that may be made again, and tells whether it was.
    pub(crate) async fn call_and_tell<T: FromRedisValue>(
        &self,
        call: Call<'_>,
    ) -> Result<Answer<T>, RedisError> {
        let mut lost = None;
        for _ in 1..MAX_ATTEMPTS {
            match self.attempt(call).await {
                Ok(value) => return Ok(Answer { value, lost }),
                Err(error) if is_connection_lost(&error) => lost = Some(error),
                Err(error) => return Err(error),
            }
        }
        let value = self.attempt(call).await?;
        Ok(Answer { value, lost })
    }

    async fn attempt<T: FromRedisValue>(&self, call: Call<'_>) -> Result<T, RedisError> {
        let mut connection = self.connection.clone();
        match call {
            Call::Command(command) => command.query_async(&mut connection).await,
            Call::Pipeline(pipeline) => pipeline.query_async(&mut connection).await,
            Call::Script(script) => script.invoke_async(&mut connection).await,
        }
    }
}

/// Whether a connection that existed is gone, so that another one may help at once.
fn is_connection_lost(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Io
        && error.is_connection_dropped()
        && !error.is_connection_refusal()
        && !error.is_timeout()
}
