//! The flags of who opens: key files, tokens, cards, grants.

use std::path::PathBuf;

use clap::Args;

use crate::cli::secrets::agent;

use super::{CardFlags, PinFlags};

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
