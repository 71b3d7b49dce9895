//! A live camera as the source: RTSP (RFC 2326), RTP (RFC 3550) with H.264 (RFC 6184), H.265 (RFC 7798) and JPEG.
//!
//! | file | idea |
//! |---|---|
//! | `address` | where the camera is, and who may look |
//! | `tracks` | what the camera offers, as tracks |
//! | `connection` | one connection: packets with its own times |
//! | `timing` | times that go on over all connections |
//! | `live` | connects again and again, marks gaps, writes streams |

mod address;
mod connection;
mod live;
mod timing;
mod tracks;

pub use address::{Address, Credentials};
pub use live::{LiveOptions, Transport, capture_live};
