//! Flags that mean the same in every command: groups to flatten into a command's own.

mod archive;
mod batch;
mod capture;
mod protect;
mod recipients;
mod review;
mod scene;
mod source;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::storage::OutputOptions;

pub use batch::{ReprocessFlags, SelectionFlags};

use super::{
    ProgressWhen, Session,
    secrets::{CardFlags, PinFlags, agent},
};

pub use archive::{ArchiveFlags, ArchiveSpanFlags, ChosenRole};
pub use capture::{CameraFlags, CaptureFlags};
pub use protect::{PictureFlags, WorkerFlags};
pub use recipients::{RecipientFlags, TrustFlags};
pub use review::ReviewFlags;
pub use scene::SceneFlags;
pub use source::SourceFlags;

/// How talkative the command is.
#[derive(Args, Clone, Debug, Default)]
pub struct CommonFlags {
    /// Say nothing but warnings and errors
    #[arg(short, long)]
    pub quiet: bool,

    /// Show progress on the terminal
    ///
    /// "auto" shows it when stderr is a terminal, the input is a file and the work takes more than a
    /// second: in a pipeline that is the first command. "always" shows it for a pipe, too, and prints
    /// lines where there is no terminal.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub progress: ProgressWhen,
}

/// The one input.
#[derive(Args, Clone, Debug, Default)]
pub struct InputFlags {
    /// File or s3://BUCKET/KEY to read; stdin when it is missing or "-"
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// One input or several.
#[derive(Args, Clone, Debug, Default)]
pub struct InputsFlags {
    /// Files to read, one after the other, as one recording; stdin when there is none, or for "-"; for view, protect and
    /// decrypt-stream a folder of record, too
    ///
    /// s3://BUCKET/KEY is an object on storage, and s3://BUCKET/FOLDER/ a folder there (vidveil(7), Storage, tells how).
    ///
    /// All of them are looked at before anything is written. A message about damage names the file, and the byte in it; one
    /// that is cut does not keep the next from being read.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// The one output.
#[derive(Args, Clone, Debug, Default)]
pub struct OutputFlags {
    /// Write to FILE or s3://BUCKET/KEY, not to stdout; "-" is stdout, even when it is a terminal
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Replace the output file when there is one
    #[arg(short, long)]
    pub force: bool,
}

impl OutputFlags {
    /// The named file; `None` is stdout.
    pub fn path(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// The output of a stream, which goes to a terminal only where `-o -` says so.
    pub fn options(&self, session: &Session) -> OutputOptions {
        OutputOptions {
            path: self.path().map(Path::to_owned),
            force: self.force,
            terminal_ok: self.output.is_some(),
            created: session.created().clone(),
        }
    }

    /// The output of text, which may go to a terminal.
    pub fn text_options(&self, session: &Session) -> OutputOptions {
        OutputOptions { terminal_ok: true, ..self.options(session) }
    }
}

/// Who opens.
#[derive(Args, Clone, Debug, Default)]
pub struct IdentityFlags {
    /// Open with the private key in FILE (PKCS#8 PEM, plain or encrypted), or in a token; may be repeated
    ///
    /// A token is a security module, or a card, with a PKCS #11 library: pkcs11:MODULE?token=NAME&id=HEX, or
    /// with object=LABEL, where MODULE is the path of that library; no other is loaded. RFC 7512 is
    /// understood, too: pkcs11:token=NAME;id=%01?module-path=MODULE. What is left out is not asked for: all keys of
    /// the token that can open are used. The PIN comes from pin-source=FILE in the URI, from --pin-file or
    /// --pin-fd, or is asked for once. The private key stays in the token, which does one operation for
    /// each key session.
    #[arg(short, long = "identity", value_name = "FILE|URI")]
    pub identities: Vec<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub passphrase: PassphraseFlags,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub pin: PinFlags,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub card: CardFlags,
}

impl IdentityFlags {
    /// Whether there is anything to open with: named here, or shared by the command that started this one.
    pub fn is_given(&self) -> bool {
        self.names_any() || agent::offered()
    }

    /// Whether a key is named here.
    pub fn names_any(&self) -> bool {
        !self.identities.is_empty() || self.card.card
    }
}

/// What was granted to who opens.
#[derive(Args, Clone, Debug, Default)]
pub struct GrantFlags {
    /// Open also what the grants in FILE, a sidecar of rewrap --grant, give to the key of -i or --card; may be repeated
    #[arg(long = "grant-file", value_name = "FILE")]
    pub grant_files: Vec<PathBuf>,
}

/// Where a pass phrase comes from.
#[derive(Args, Clone, Debug, Default)]
pub struct PassphraseFlags {
    /// Read the pass phrase of the private key from the first line of FILE, not from the terminal
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Text for people or for machines.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct JsonFlags {
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}
