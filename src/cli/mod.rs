//! The command line: flags, prompts, secrets, progress, text for a terminal, signals and the exit status.
//!
//! Only `commands` and `src/bin` use this room; only they and it print, prompt and exit.
//!
//! | file | idea |
//! |---|---|
//! | `run` | the frame around every command: flags in, exit status out |
//! | `run_with_video` | the same, for the commands that handle video from outside |
//! | `family` | the commands and what each is for; `vidveil COMMAND` |
//! | [`flags`] | groups of flags, and the plain options that they become |
//! | [`secrets`] | key files, pass phrases, PINs, cards, tokens, the key agent |
//! | `session` | one run of a command, as services see it |
//! | `terminal`, `progress` | lines of text and the bar on stderr |
//! | `signals` | requests to stop |
//! | `prompt`, `prompt_signals` | a question whose answer does not show, and signals during it |
//! | `failure`, `status`, `classify` | errors as a user reads them, with exit status and hint |
//! | `manpage` | a command's manual page out of its flags |
//! | `player`, `picture_output`, `print` | where pictures and text go |
//!
//! A command is one function over its flags:
//!
//! ```no_run
//! use clap::Parser;
//! use vidveil::cli::{self, Session, flags};
//! use vidveil::storage::{Input, StreamOutput};
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
//!     let mut input = Input::open(args.input.file.as_deref(), &session.report())?;
//!     let mut output = StreamOutput::open(args.output.options(session), Some(&input), &session.report())?;
//!     std::io::copy(&mut input, &mut output)?;
//!     Ok(output.finish()?)
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     cli::run("copy", copy)
//! }
//! ```

pub(crate) mod classify;
mod failure;
pub mod family;
pub mod flags;
mod manpage;
mod picture_output;
mod player;
pub(crate) mod print;
pub(crate) mod progress;
pub(crate) mod prompt;
mod prompt_signals;
mod run;
mod run_with_video;
pub mod secrets;
mod session;
mod signals;
mod status;
mod terminal;

pub use failure::{Failure, explain, report};
pub use family::COMMANDS;
pub use picture_output::{PictureOutput, stdout};
pub use player::Player;
pub use progress::ProgressWhen;
pub use run::run;
pub(crate) use run_with_video::FOREIGN;
pub use run_with_video::run_with_video;
pub use session::Session;
pub use status::Status;
