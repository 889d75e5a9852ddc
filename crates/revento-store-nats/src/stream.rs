//! One stream: the last message of each subject is a record, and a write succeeds only if that message is still the one that was read.

use std::time::Duration;

use async_nats::{
    Client, HeaderMap, Request, RequestErrorKind,
    jetstream::{self, Context, ErrorCode, context::RequestErrorKind as ApiErrorKind, response::Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    failure::{BadAnswer, Failure, NoAnswer, passes, refused},
    names::Names,
};

/// How long a call may take, all its attempts together.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long one attempt may take. A server that was cut off answers nothing, and another one may lead meanwhile.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(2);
/// The pause before the next attempt when the cluster has no leader.
const PAUSE: Duration = Duration::from_millis(50);

/// Names the write that stored a message.
const WRITE: &str = "Revento-Write";
/// The code for "wrong last sequence" of servers since 2.11, when another write to the subject is under way.
const WRITE_UNDER_WAY: ErrorCode = ErrorCode(10164);

#[derive(Clone)]
pub(crate) struct Stream {
    pub(crate) name: String,
    /// What stands before the token of a record in a subject.
    root: String,
    client: Client,
    context: Context,
    names: Names,
}

/// A message of the stream.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) token: String,
    /// Grows with every message of the stream.
    pub(crate) seq: u64,
    pub(crate) payload: Vec<u8>,
    write: Option<String>,
}

impl Message {
    /// A message that this process has just stored.
    pub(crate) fn written(token: &str, seq: u64, payload: Vec<u8>) -> Self {
        Self {
            token: token.to_owned(),
            seq,
            payload,
            write: None,
        }
    }
}

/// The state of the stream, as its leader has it.
#[derive(Debug, Clone)]
pub(crate) struct Info {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) messages: u64,
    pub(crate) leader: Option<String>,
}

/// What came of a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    Stored(u64),
    /// The record is not the one that was read.
    Conflict,
}

impl Stream {
    pub(crate) fn new(client: Client, context: Context, name: String, root: String, names: Names) -> Self {
        Self {
            name,
            root,
            client,
            context,
            names,
        }
    }

    /// The record with this token.
    pub(crate) async fn get(&self, token: &str) -> Result<Option<Message>, Failure> {
        let subject = format!("{}.{token}", self.root);
        self.message(&MessageRequest {
            last_by_subj: Some(&subject),
            ..MessageRequest::default()
        })
        .await
    }

    /// The first message at or behind a position.
    pub(crate) async fn next(&self, seq: u64) -> Result<Option<Message>, Failure> {
        self.message(&MessageRequest {
            seq: Some(seq),
            next_by_subj: Some(">"),
            ..MessageRequest::default()
        })
        .await
    }

    async fn message(&self, request: &MessageRequest<'_>) -> Result<Option<Message>, Failure> {
        let answer: Result<MessageAnswer, _> = self.ask("STREAM.MSG.GET", request).await?;
        match answer {
            Ok(answer) => self.read(answer.message).map(Some),
            Err(error) if error.error_code() == ErrorCode::NO_MESSAGE_FOUND => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    fn read(&self, raw: RawMessage) -> Result<Message, Failure> {
        let decode = |text: &str| {
            let bytes = STANDARD.decode(text);
            bytes.map_err(|error| Failure::corrupt(BadAnswer(error.into())))
        };
        let headers = decode(&raw.hdrs)?;
        let token = raw.subject.rsplit('.').next().unwrap_or_default().to_owned();
        Ok(Message {
            token,
            seq: raw.seq,
            payload: decode(&raw.data)?,
            write: written_by(&headers),
        })
    }

    pub(crate) async fn info(&self) -> Result<Info, Failure> {
        let answer: Result<InfoAnswer, _> = self.ask("STREAM.INFO", &()).await?;
        let InfoAnswer { state, cluster } = answer.map_err(refused)?;
        Ok(Info {
            first: state.first_seq,
            last: state.last_seq,
            messages: state.messages,
            leader: cluster.and_then(|cluster| cluster.leader),
        })
    }

    /// Deletes a message, and overwrites it on the disk. `false` if it was gone.
    pub(crate) async fn delete(&self, seq: u64) -> Result<bool, Failure> {
        let answer: Result<DeleteAnswer, _> = self.ask("STREAM.MSG.DELETE", &DeleteRequest { seq }).await?;
        match answer {
            Ok(answer) => Ok(answer.success),
            Err(error) if error.error_code() == ErrorCode::SEQUENCE_NOT_FOUND => Ok(false),
            // The code does not tell a message that is gone from a deletion that is not allowed.
            Err(error) => match self.at(seq).await? {
                None => Ok(false),
                Some(_) => Err(refused(error)),
            },
        }
    }

    /// The message at a position.
    async fn at(&self, seq: u64) -> Result<Option<Message>, Failure> {
        self.message(&MessageRequest {
            seq: Some(seq),
            ..MessageRequest::default()
        })
        .await
    }

    /// Stores the record with this token if its last message is `expected`; 0 if there is none.
    ///
    /// An attempt that was not answered is made again. All writes that replace one message have the same message id, so the server
    /// takes one of them only, also while several are on their way through the cluster. A header names the write.
    pub(crate) async fn put(&self, token: &str, expected: u64, payload: Vec<u8>) -> Result<Put, Failure> {
        let write = self.names.next();
        let message_id = match expected {
            // The same record may be created again after its removal.
            0 => format!("{token}@{write}"),
            _ => format!("{token}@{expected}"),
        };
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", message_id.as_str());
        headers.insert("Nats-Expected-Last-Subject-Sequence", expected.to_string());
        headers.insert(WRITE, write.as_str());
        let (subject, payload) = (format!("{}.{token}", self.root), Bytes::from(payload));
        let attempts = async {
            let mut is_first = true;
            loop {
                match self.publish(&subject, headers.clone(), payload.clone()).await? {
                    Some(Ok(ack)) if ack.duplicate && expected != 0 => {
                        if is_first {
                            return Ok(Put::Conflict);
                        }
                        return self.whose(token, &write, expected).await;
                    }
                    Some(Ok(ack)) => return Ok(Put::Stored(ack.seq)),
                    Some(Err(error)) if is_conflict(&error) => {
                        if is_first {
                            return Ok(Put::Conflict);
                        }
                        return self.whose(token, &write, expected).await;
                    }
                    Some(Err(error)) if !passes(&error) => return Err(refused(error)),
                    Some(Err(_)) | None => tokio::time::sleep(PAUSE).await,
                }
                is_first = false;
            }
        };
        let done = tokio::time::timeout(PATIENCE, attempts).await;
        done.unwrap_or_else(|_| Err(Failure::unavailable(NoAnswer)))
            .map_err(Failure::of_a_write)
    }

    /// What came of a write whose first attempt was not answered, and whose next one was refused.
    async fn whose(&self, token: &str, write: &str, expected: u64) -> Result<Put, Failure> {
        match self.get(token).await? {
            Some(message) if message.write.as_deref() == Some(write) => Ok(Put::Stored(message.seq)),
            Some(message) if message.seq == expected => Ok(Put::Conflict),
            // Ours may have been replaced since.
            _ => Err(Failure::unavailable(NoAnswer)),
        }
    }

    /// One attempt; `None` if nobody has answered.
    async fn publish(
        &self,
        subject: &str,
        headers: HeaderMap,
        payload: Bytes,
    ) -> Result<Option<Result<PutAnswer, jetstream::Error>>, Failure> {
        let request = Request::new().headers(headers).payload(payload);
        let answer = self.client.send_request(subject.to_owned(), request).await;
        let message = match answer {
            Ok(message) => message,
            Err(error) => match error.kind() {
                RequestErrorKind::TimedOut | RequestErrorKind::NoResponders => return Ok(None),
                RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => {
                    let reason = revento_store::StoreErrorReason::Rejected;
                    return Err(Failure::new(reason, error));
                }
                RequestErrorKind::Other => return Err(Failure::unavailable(error)),
            },
        };
        match serde_json::from_slice(&message.payload) {
            Ok(Response::Ok(answer)) => Ok(Some(Ok(answer))),
            Ok(Response::Err { error }) => Ok(Some(Err(error))),
            Err(error) => Err(Failure::unavailable(BadAnswer(error.into()))),
        }
    }

    /// Asks the leader of the stream until it answers.
    async fn ask<T: Serialize + Sync, A: DeserializeOwned>(
        &self,
        what: &str,
        request: &T,
    ) -> Result<Result<A, jetstream::Error>, Failure> {
        let subject = format!("{what}.{}", self.name);
        let attempts = async {
            loop {
                let answer = self.context.request(subject.clone(), request).await;
                match answer {
                    Ok(Response::Ok(answer)) => return Ok(Ok(answer)),
                    Ok(Response::Err { error }) if !passes(&error) => return Ok(Err(error)),
                    Ok(Response::Err { .. }) => {}
                    Err(error) => match error.kind() {
                        ApiErrorKind::TimedOut | ApiErrorKind::NoResponders => {}
                        _ => return Err(Failure::unavailable(BadAnswer(error.into()))),
                    },
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, attempts).await;
        done.unwrap_or_else(|_| Err(Failure::unavailable(NoAnswer)))
    }
}

fn is_conflict(error: &jetstream::Error) -> bool {
    [ErrorCode::STREAM_WRONG_LAST_SEQUENCE, WRITE_UNDER_WAY].contains(&error.error_code())
}

/// The value of our header. The bytes are `NATS/1.0` and lines of `Name: value`.
fn written_by(headers: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(headers).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(WRITE))?;
    Some(line.strip_prefix(':')?.trim().to_owned())
}

#[derive(Serialize, Default)]
struct MessageRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_by_subj: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_by_subj: Option<&'a str>,
}

#[derive(Deserialize)]
struct MessageAnswer {
    message: RawMessage,
}

#[derive(Deserialize)]
struct RawMessage {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

#[derive(Deserialize)]
struct InfoAnswer {
    state: StateAnswer,
    cluster: Option<ClusterAnswer>,
}

#[derive(Deserialize)]
struct StateAnswer {
    messages: u64,
    first_seq: u64,
    last_seq: u64,
}

#[derive(Deserialize)]
struct ClusterAnswer {
    leader: Option<String>,
}

#[derive(Serialize)]
struct DeleteRequest {
    seq: u64,
}

#[derive(Deserialize)]
struct DeleteAnswer {
    success: bool,
}

#[derive(Deserialize)]
struct PutAnswer {
    seq: u64,
    #[serde(default)]
    duplicate: bool,
}
