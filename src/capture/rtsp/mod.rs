//! A live camera as the source: RTSP (RFC 2326), RTP (RFC 3550) with H.264 (RFC 6184), H.265 (RFC 7798) and JPEG.
//!
//! | file | idea |
//! |---|---|
//! | `address` | where the camera is, and who may watch |
//! | `tracks` | what the camera offers, as tracks |
//! | `tls` | which certificates of cameras are believed |
//! | `relay` | between the camera and retina: TLS, authentication, bounds |
//! | `exchange` | requests and answers, as the camera has them and as retina does |
//! | `authentication` | Digest, and Basic where it is allowed |
//! | `message` | RTSP messages in bounds |
//! | `datagrams` | packets that travel as datagrams |
//! | `client` | connecting, waiting that a request to stop ends, disconnecting |
//! | `connection` | one connection: packets with its own times |
//! | `disconnect` | why a connection ended, in the camera's words and in ours |
//! | `catch_panic` | faults of libraries that read what a camera sends |
//! | `timing` | times that go on over all connections |
//! | `recording` | the streams that are written |
//! | `live` | a camera is recorded: connected to again and again, with gaps marked |
//! | `error` | what can go wrong |

mod address;
mod authentication;
mod catch_panic;
mod client;
mod connection;
mod datagrams;
mod disconnect;
mod error;
mod exchange;
mod live;
mod message;
mod recording;
mod relay;
mod timing;
mod tls;
mod tracks;

pub use address::{Address, Credentials};
pub use client::Transport;
pub use disconnect::Refusal;
pub use error::RtspError;
pub use live::{LiveOptions, capture_live};
pub use tls::Tls;
