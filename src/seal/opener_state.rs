//! Where an opener is in its input.

use crate::format::Frame;

use super::sealed_stream::SealedStream;

/// Where the epoch read last stands, in bytes from the beginning of the input.
#[derive(Debug, Clone, Copy, Default)]
pub struct EpochPlace {
    /// Its stream's preamble.
    pub stream_at: u64,
    /// Its session's keys record; `None` in a plain stream.
    pub keys_at: Option<u64>,
    /// Its start record.
    pub start_at: u64,
}

/// Where in the input the reader is.
pub(super) enum StreamState {
    /// Between streams, or in a sidecar.
    Outside,
    Plain,
    Sealed(Box<SealedStream>),
}

/// What stays known of a stream after its end.
#[derive(Default)]
pub(super) struct LastStream {
    pub hash: [u8; 32],
    pub session: Option<u32>,
    /// The first frame of each track, whether it opened or not.
    pub first_frames: Vec<Option<Frame>>,
}
