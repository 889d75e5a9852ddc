//! Reading the body of a response.

use std::{future::poll_fn, pin::pin};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http_body::Body;

use crate::TransportError;

/// Reads a response whole, for implementations of a [`Transport`](crate::Transport) on an HTTP library.
///
/// Trailers, the library's extensions and the `content-length` header are dropped: the body carries its length.
///
/// # Errors
/// [`TransportError::too_large`] as soon as the body announces or has more than `max_bytes`, and what `classify`
/// makes of a failed read. A response has begun by then, so it has to say that the request may have taken effect.
pub async fn collect_limited<B>(
    response: http::Response<B>,
    max_bytes: usize,
    classify: impl FnOnce(B::Error) -> TransportError,
) -> Result<http::Response<Bytes>, TransportError>
where
    B: Body<Data = Bytes>,
{
    let (mut head, body) = response.into_parts();
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(TransportError::too_large(max_bytes));
    }
    let mut body = pin!(body);
    let mut whole = BytesMut::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return Err(classify(error)),
        };
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > max_bytes {
            return Err(TransportError::too_large(max_bytes));
        }
        whole.extend_from_slice(&data);
    }
    head.headers.remove(CONTENT_LENGTH);
    head.extensions.clear();
    Ok(http::Response::from_parts(head, whole.freeze()))
}
