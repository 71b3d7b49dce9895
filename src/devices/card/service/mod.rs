//! Readers and transactions of the PC/SC daemon.
//!
//! | module | idea |
//! |---|---|
//! | `daemon` | the daemon, its readers, and conversations with a card |
//! | `worker` | the thread that the daemon's calls may block |

mod daemon;
mod worker;

pub use daemon::{Reader, Service};
