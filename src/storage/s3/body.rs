//! The body of an answer, as far as it may be: a server can send more than it announced, and never stop.

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use object_store::GetResult;

use super::ObjectError;
use super::error::Asked;

/// The whole body.
///
/// # Errors
///
/// It has more than `limit` bytes, of which no more are read; the connection failed.
pub(super) async fn whole(got: GetResult, limit: u64, asked: &Asked) -> Result<Bytes, ObjectError> {
    let mut parts = got.into_stream();
    let mut body = BytesMut::new();
    while let Some(part) = parts.try_next().await.map_err(|e| asked.error(e))? {
        if (body.len() + part.len()) as u64 > limit {
            let why = format!("an answer is longer than the {limit} bytes that were asked for");
            return Err(ObjectError::Storage { place: asked.place.clone(), why });
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}
