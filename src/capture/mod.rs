//! Capture: a camera or a video file becomes a plain stream, packet for packet. It uses no keys and does not seal.
//!
//! | file | idea |
//! |---|---|
//! | [`video_file`] | a video file or pipe, before it is read |
//! | [`mod@file`] | a file or pipe becomes a stream |
//! | `streams` | the streams that an input becomes, where it describes its tracks anew |
//! | [`feed`] | packets into a plain stream, at the pace of their times where that is wanted |
//! | [`error`] | what can go wrong |
//! | `rtsp` | a camera on the network (feature `rtsp`) |

pub mod error;
pub mod feed;
pub mod file;
#[cfg(feature = "rtsp")]
pub mod rtsp;
mod streams;
pub mod video_file;

pub use error::CaptureError;
pub use feed::{Feed, FeedOptions};
pub use file::{FileOptions, capture_file};
pub use video_file::VideoFile;
