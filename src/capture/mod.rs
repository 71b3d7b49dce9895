//! What `capture` does: video in, plain originals out.

mod feed;
#[cfg(feature = "rtsp")]
pub mod rtsp;
mod video_file;

pub use feed::{Feed, FeedOptions};
pub use video_file::VideoFile;
