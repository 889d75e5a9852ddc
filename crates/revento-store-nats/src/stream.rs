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

/// How long a request may take, all its attempts together.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long one attempt may take. A server that was cut off answers nothing, and another one may lead meanwhile.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(2);
/// The pause before the next attempt when the cluster has no leader.
const PAUSE: Duration = Duration::from_millis(50);

/// Names the write that stored a message.
const WRITE: &str = "Revento-Write";
/// What newer servers answer while another write that replaces the same message is on its way: to the same message id, and to the same
/// subject.
const IN_PROCESS: [ErrorCode; 2] = [ErrorCode(10158), ErrorCode(10164)];
/// The pause before the next attempt then.
const SHORT_PAUSE: Duration = Duration::from_millis(3);

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
    /// When it was created: another stream of the same name has another time.
    pub(crate) created: String,
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

/// A conditional write.
struct Write<'a> {
    token: &'a str,
    expected: u64,
    name: String,
    payload: Bytes,
}

impl Write<'_> {
    fn message_id(&self) -> String {
        match self.expected {
            // The same record may be created again after its removal.
            0 => format!("{}@{}", self.token, self.name),
            expected => format!("{}@{expected}", self.token),
        }
    }
}

/// Who has replaced a message.
enum Whose {
    Known(Put),
    /// It is still there.
    Nobodys,
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
        let InfoAnswer {
            created,
            state,
            cluster,
        } = answer.map_err(refused)?;
        Ok(Info {
            created,
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
        let write = Write {
            token,
            expected,
            name: self.names.next(),
            payload: Bytes::from(payload),
        };
        let done = tokio::time::timeout(PATIENCE, self.put_patiently(&write)).await;
        done.unwrap_or_else(|_| Err(Failure::unavailable(NoAnswer)))
            .map_err(Failure::of_a_write)
    }

    async fn put_patiently(&self, write: &Write<'_>) -> Result<Put, Failure> {
        let mut message_id = write.message_id();
        let mut may_have_arrived = false;
        loop {
            match self.publish(write, &message_id).await? {
                Some(Ok(ack)) if ack.duplicate && write.expected != 0 => {
                    match self.whose(write, may_have_arrived).await? {
                        Whose::Known(put) => return Ok(put),
                        // A server that has lost a message in an election may still remember its id. All writers that meet that
                        // memory take the same next id.
                        Whose::Nobodys => message_id = format!("{message_id}@{}", ack.seq),
                    }
                }
                Some(Ok(ack)) => return Ok(Put::Stored(ack.seq)),
                Some(Err(error)) if IN_PROCESS.contains(&error.error_code()) => {
                    tokio::time::sleep(SHORT_PAUSE).await;
                }
                Some(Err(error)) if error.error_code() == ErrorCode::STREAM_WRONG_LAST_SEQUENCE => {
                    return match self.whose(write, may_have_arrived).await? {
                        Whose::Known(put) => Ok(put),
                        Whose::Nobodys => Ok(Put::Conflict),
                    };
                }
                Some(Err(error)) if !passes(&error) => return Err(refused(error)),
                Some(Err(_)) => tokio::time::sleep(PAUSE).await,
                None => {
                    may_have_arrived = true;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Whose write has replaced the expected message.
    async fn whose(&self, write: &Write<'_>, may_have_arrived: bool) -> Result<Whose, Failure> {
        match self.get(write.token).await? {
            Some(message) if message.write.as_deref() == Some(&*write.name) => {
                Ok(Whose::Known(Put::Stored(message.seq)))
            }
            Some(message) if message.seq == write.expected => Ok(Whose::Nobodys),
            // Ours may have been replaced since.
            _ if may_have_arrived => Err(Failure::unavailable(NoAnswer)),
            _ => Ok(Whose::Known(Put::Conflict)),
        }
    }

    /// One attempt; `None` if nobody has answered.
    async fn publish(
        &self,
        write: &Write<'_>,
        message_id: &str,
    ) -> Result<Option<Result<PutAnswer, jetstream::Error>>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", message_id);
        headers.insert("Nats-Expected-Last-Subject-Sequence", write.expected.to_string());
        headers.insert(WRITE, write.name.as_str());
        let request = Request::new().headers(headers).payload(write.payload.clone());
        let subject = format!("{}.{}", self.root, write.token);
        let answer = self.client.send_request(subject, request).await;
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
    created: String,
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
