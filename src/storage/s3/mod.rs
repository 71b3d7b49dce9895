//! Objects on S3-compatible storage: read at any place, listed page by page, written whole or not at all.
//!
//! Everything here blocks: the protocol runs on one thread of its own. No path is opened and no environment is read
//! here; whoever uses the room says what the settings are.
//!
//! | file | idea |
//! |---|---|
//! | [`access`] | settings, and a bucket made of them |
//! | [`error`] | what storage can say, in one line |
//! | [`engine`] | the thread that speaks HTTP |
//! | [`object`] | an object as `Read + Seek`, by ranges |
//! | [`pieces`] | the ranges that are at hand |
//! | [`listing`] | what a bucket holds below a prefix |
//! | [`upload`] | an object that appears when it is finished |
//! | [`body`] | the body of an answer, as far as it may be |
//! | [`marks`] | small objects that are made once, or changed by one at a time |

mod access;
mod body;
mod engine;
mod error;
mod listing;
mod marks;
mod object;
mod pieces;
mod upload;

pub use access::{Access, Bucket};
pub use error::ObjectError;
pub use listing::{Listed, Listing};
pub use marks::Mark;
pub use object::Object;
pub use upload::Upload;
