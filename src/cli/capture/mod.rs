//! What `capture` does: video in, plain originals out.

mod feed;
#[cfg(feature = "rtsp")]
pub mod rtsp;
mod video;

pub use feed::{Feed, FeedOptions};
pub use video::VideoFile;
