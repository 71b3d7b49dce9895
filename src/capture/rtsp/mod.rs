//! A live camera as the source: RTSP (RFC 2326), RTP (RFC 3550) with H.264 (RFC 6184), H.265 (RFC 7798) and JPEG; or
//! HTTP.
//!
//! | file | idea |
//! |---|---|
//! | `address` | where the camera is, and who may watch |
//! | `tracks` | what the camera offers, as tracks |
//! | `tls` | which certificates of cameras are believed |
//! | `relay` | between the camera and retina: TLS, authentication, bounds |
//! | `exchange` | requests and answers, as the camera has them and as retina does |
//! | `addresses` | addresses of streams, as the camera has them and as retina does |
//! | `answers` | headers of answers, read as they come |
//! | `sdp` | what a camera offers, read as it comes |
//! | `keepalive` | that somebody is still there, shown to a camera |
//! | `channels` | which channel of the connection has which stream |
//! | `sequence` | packets of one stream, numbered as one source would |
//! | `rtp` | packets and reports |
//! | `seen` | what the relay tells the rest of a connection |
//! | `authentication` | Digest, and Basic where it is allowed |
//! | `message` | RTSP messages in bounds |
//! | `message_reader` | reading them one by one |
//! | `datagrams` | packets that travel as datagrams |
//! | `client` | connecting, waiting that a request to stop ends, disconnecting |
//! | `connection` | one connection: packets with its own times |
//! | `disconnect` | why a connection ended, in the camera's words and in ours |
//! | `catch_panic` | faults of libraries that read what a camera sends |
//! | `backoff` | how long a camera is left alone |
//! | `steady` | times that jump within a connection |
//! | `timing` | times that go on over all connections |
//! | `recording` | the streams that are written |
//! | `connector` | a camera is connected to, again and again |
//! | `camera_clock` | the camera's own clock |
//! | `live_options` | what a caller chooses |
//! | `live` | a camera is recorded, with gaps marked |
//! | `http` | cameras that speak HTTP instead |
//! | `onvif` | cameras that are found, and their streams |
//! | `source` | a connection of either kind |
//! | `error` | what can go wrong |

mod address;
mod addresses;
mod answers;
mod authentication;
mod backoff;
mod camera_clock;
mod catch_panic;
mod channels;
mod client;
mod connection;
mod connector;
mod datagrams;
mod disconnect;
mod error;
mod exchange;
mod http;
mod keepalive;
mod live;
mod live_options;
mod message;
mod message_reader;
mod onvif;
mod recording;
mod relay;
mod rtp;
mod sdp;
mod seen;
mod sequence;
mod source;
mod steady;
mod timing;
mod tls;
mod tracks;

pub use address::{Address, Credentials};
pub use client::Transport;
pub use disconnect::Refusal;
pub use error::RtspError;
pub use live::capture_live;
pub use live_options::LiveOptions;
pub use onvif::{DiscoverOptions, Found, FoundStream, discover};
pub use seen::Seen;
pub use tls::Tls;
