//! Jail: a process that can do nothing but compute, for what C makes of bytes from outside.
//!
//! Whoever finds a hole in a decoder has the process that decodes. So it is one without keys, files, network and
//! environment: it has the pipes that it was given, and of the system's calls those that computing needs. Everything is
//! given up before the first byte is read.
//!
//! | file | idea |
//! |---|---|
//! | [`enter`] | gives up everything else |
//! | `descriptors` | closes what was inherited |
//! | `syscalls` | which calls of the system are left |
//! | `program` | starts a program that goes to jail |
//! | [`watch`] | ends one that does not get on |

mod confine;
mod descriptors;
mod program;
mod syscalls;
pub mod watch;

pub use confine::{Bounds, JailError, enter};
pub use descriptors::close_at_exec;
pub use program::{JailProgram, spawn};
pub use watch::Watch;
