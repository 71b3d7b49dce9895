//! Manners: what all commands do alike.
//!
//! Flags, standard input and output, what people read on stderr, progress, pass phrases, signals and
//! the exit status. Only this room and `src/bin` print, prompt, exit or open a path by name.
//!
//! A command is one function over its flags:
//!
//! ```no_run
//! use clap::Parser;
//! use std::io::{Read, Write};
//! use vidveil::cli::{self, Input, Session, StreamOutput, flags};
//!
//! /// Copy a stream
//! #[derive(Parser)]
//! struct Args {
//!     #[command(flatten)]
//!     input: flags::InputFlags,
//!     #[command(flatten)]
//!     output: flags::OutputFlags,
//!     #[command(flatten)]
//!     common: flags::CommonFlags,
//! }
//!
//! fn copy(args: Args, session: &Session) -> anyhow::Result<()> {
//!     let mut input = Input::open(args.input.file.as_deref(), session)?;
//!     let mut output = StreamOutput::open(args.output.options(session), Some(&input), session)?;
//!     std::io::copy(&mut input, &mut output)?;
//!     output.finish()
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     cli::run("copy", copy)
//! }
//! ```

pub mod capture;
pub(crate) mod classify;
pub mod encrypt;
pub mod enroll;
mod failure;
pub mod family;
pub mod flags;
pub mod inspect;
mod manpage;
mod picture_output;
mod player;
mod print;
pub(crate) mod progress;
mod protect;
pub mod record;
pub mod reprocess;
pub mod rewrap;
mod run;
pub mod secrets;
mod session;
mod signals;
mod status;
pub mod verify;

pub use failure::{Failure, explain, report};
pub use family::COMMANDS;
pub use picture_output::{PictureOutput, stdout};
pub use player::Player;
pub use progress::ProgressWhen;
pub use protect::ProtectCommand;
pub use run::run;
pub use session::Session;
pub use status::Status;
