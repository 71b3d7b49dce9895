//! The key agent: one command holds the keys of `-i` and `--card` for all commands that it starts, and a PIN or a pass phrase is
//! asked for once.
//!
//! | file | idea |
//! |---|---|
//! | [`door`] | the socket, which has no name: only who inherits the way to it finds it |
//! | [`host`] | the command with the keys, and its threads |
//! | [`guest`] | a command that was started by it |
//!
//! The host does two operations with its keys, and tells their public halves; the keys, the PIN and the pass phrase stay with it.

mod door;
mod guest;
mod host;

pub use door::VARIABLE;
pub(super) use guest::{Inherited, forget, offered};
pub use host::KeyAgent;
