//! Packets and pictures: what libavformat and libavcodec do for us.

mod boxes;
mod cut;
mod decode;
mod demux;
mod dts;
mod encode;
mod error;
mod extent;
mod guarded;
mod health;
mod libav;
mod mux;
mod opening;
mod order;
mod picture;
mod planes;
mod references;
mod rgb;
mod times;
mod track;

pub use decode::Decoder;
pub use demux::{DemuxOptions, Demuxer};
pub use encode::{Chroma, Encoder, EncoderSettings};
pub use error::MediaError;
pub use mux::{MuxFormat, MuxOutput, Muxer};
pub use picture::{Picture, Plane};
pub use track::{Packet, TrackInfo, TrackKind};
