//! Packets and pictures: what libavformat and libavcodec do for us.

mod boxes;
mod demux;
mod error;
mod guarded;
mod libav;
mod mux;
mod order;
mod picture;
mod track;

pub use demux::{DemuxOptions, Demuxer};
pub use error::MediaError;
pub use mux::{MuxFormat, MuxOutput, Muxer};
pub use picture::{Picture, Plane};
pub use track::{Packet, TrackInfo, TrackKind};
