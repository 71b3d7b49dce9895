//! The key agent: one command holds the keys of `-i` and `--card` for all commands that it starts, and a PIN or a pass
//! phrase is asked for once.
//!
//! | file | idea |
//! |---|---|
//! | `socket` | the socket, which has no name: only a job that inherits its descriptor finds it |
//! | `server` | the command with the keys, and its threads |
//! | `client` | a command that was started by it |
//!
//! The server does two operations with its keys, and gives their public halves; the keys, the PIN and the pass phrase
//! stay with it.

mod client;
mod server;
mod socket;

pub(crate) use client::{Inherited, offered};
pub use server::KeyAgent;
pub use socket::VARIABLE;
