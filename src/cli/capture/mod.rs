//! What `capture` does: video in, plain originals out.

mod feed;
mod video;

pub use feed::{Feed, FeedOptions};
pub use video::VideoFile;
