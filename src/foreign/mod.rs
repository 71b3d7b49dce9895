//! Foreign: video from outside, read and decoded by a child in jail. The caller's side looks like `media`'s own
//! demuxer and decoder; nothing that the child says is believed unchecked.
//!
//! | file | idea |
//! |---|---|
//! | [`Foreign`] | which program is the child, and what it is held to |
//! | [`Demuxer`] | packets out of a file or pipe that the child reads |
//! | [`Decoder`] | pictures out of packets that the child is given |
//! | [`Muxer`] | packets into a container that the child makes |
//! | [`serve`] | the child |
//! | `mux_service` | the child that makes a container |
//! | `child` | a running child |
//! | `hang` | a child that reads an input and hangs |
//! | `wire` | what the two say to each other |
//! | `wire_error` | errors, on the wire |

mod child;
mod decoder;
mod demuxer;
mod hang;
mod mux_service;
mod muxer;
mod options;
mod service;
mod wire;
mod wire_error;

pub use decoder::Decoder;
pub use demuxer::{Demuxer, Source};
pub use muxer::{MuxTarget, Muxer};
pub use options::{Foreign, ForeignError, Work};
pub use service::serve;
