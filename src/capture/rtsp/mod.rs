//! A live camera as the source: RTSP (RFC 2326), RTP (RFC 3550) with H.264 (RFC 6184), H.265 (RFC 7798) and JPEG.
//!
//! | file | idea |
//! |---|---|
//! | `address` | where the camera is, and who may look |
//! | `tracks` | what the camera offers, as tracks |
//! | `line` | connecting, waiting that a signal ends, hanging up |
//! | `connection` | one connection: packets with its own times |
//! | `broken` | why a connection ended, in the camera's words and in ours |
//! | `guard` | faults of libraries that read what a camera sends |
//! | `memory` | how much of it a camera may make us use |
//! | `timing` | times that go on over all connections |
//! | `live` | connects again and again, and marks gaps |
//! | `recording` | the streams that are written |

mod address;
mod catch_panic;
mod client;
mod connection;
mod disconnect;
mod live;
mod memory;
mod recording;
mod timing;
mod tracks;

pub use address::{Address, Credentials};
use disconnect::Broken;
pub use live::{LiveOptions, Transport, capture_live};
