//! Packets and pictures: what libavformat and libavcodec do for us.

mod allowed;
mod callback_io;
mod choose;
mod container_size;
mod damage;
mod decode;
mod demux;
mod demux_options;
mod dts;
mod encode;
mod error;
mod essence;
#[cfg(debug_assertions)]
mod exploit;
mod fields;
mod holds;
mod in_band;
mod libav;
mod mp4_boxes;
mod mux;
mod open_input;
mod order;
mod packet;
mod parser;
mod picture;
mod picture_limits;
mod planes;
mod references;
mod rgb;
mod side_data;
mod times;
mod truncation;
mod vp9;

pub use allowed::{CODECS, CONTAINERS, Codec, Container, is_allowed};
pub use decode::Decoder;
pub use demux::Demuxer;
pub use demux_options::DemuxOptions;
pub use encode::{Chroma, Encoder, EncoderSettings};
pub use error::MediaError;
pub use fields::{FieldWatch, Half};
pub use holds::can_hold;
pub use in_band::{InBand, goes_on};
pub use mux::{MuxFormat, MuxOutput, Muxer, WriteSeek};
pub use packet::Packet;
pub use picture::{Picture, Plane};
pub use picture_limits::PictureLimits;
