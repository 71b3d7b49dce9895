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
//!     let mut output = StreamOutput::open(&args.output, Some(&input), session)?;
//!     std::io::copy(&mut input, &mut output)?;
//!     output.finish()
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     cli::run("copy", copy)
//! }
//! ```

pub mod agent;
mod ahead;
pub mod archive;
mod archiver;
mod atomic;
pub mod bridge;
pub mod capture;
pub mod card;
mod classify;
mod clip;
mod clock;
mod commands;
mod contact_sheet;
pub mod enroll;
pub mod export;
mod failure;
mod files;
pub mod flags;
mod folder;
mod font;
mod footage;
mod grant;
mod heads;
mod input;
mod joiner;
mod keyring;
mod manpage;
mod medium;
mod moment;
mod output;
pub mod parse;
mod passed;
mod passphrase;
mod picture_output;
mod pin;
mod player;
mod progress;
pub mod protect;
mod recipients;
pub mod record;
mod replay;
pub mod reprocess;
pub mod rewrap;
mod run;
mod saver;
mod secretfile;
mod seek;
mod session;
mod sign;
mod signals;
mod source;
mod status;
mod still;
pub mod storage;
pub mod survey;
pub mod text;
mod timeline;
mod token;
pub mod verdict;

pub use agent::KeyAgent;
pub use archiver::Archiver;
pub use atomic::{AtomicFile, Existing};
pub use card::{CardFlags, CardPlaceFlags};
pub use clip::Span;
pub use clock::{SystemClock, random_id, wall_ns};
pub use commands::COMMANDS;
pub use contact_sheet::{MOST as MOST_ON_A_SHEET, SheetLayout, contact_sheet};
pub use failure::{Failure, report};
pub use folder::CertificateFiles;
pub use footage::Footage;
pub use grant::{GrantJob, GrantSummary, granted_tracks, make_grants};
pub use input::{Input, NOTHING_ARRIVED, nothing_arrived, read_bounded};
pub use keyring::{Keyring, read_grants, read_identities, read_keyring, read_signer};
pub use moment::{Moment, moment};
pub use output::StreamOutput;
pub use passphrase::{ask_new_passphrase, read_passphrase};
pub use picture_output::{PictureOutput, stdout};
pub use pin::{PinFlags, read_pin};
pub use player::Player;
pub use progress::ProgressWhen;
pub use recipients::{Recipients, authorities, has_certificate_ending};
pub use replay::{write_plain, write_plain_noting};
pub use run::run;
pub use saver::{reader_is_gone, save};
pub use secretfile::read_secret_file;
pub use seek::Ground;
pub use session::Session;
pub use sign::{SignFlags, SignerFlags, accepted_signers, first_signer, own_signer, proved};
pub use signals::Stop;
pub use source::{Source, SourceFlags};
pub use status::Status;
pub use still::snapshot;
