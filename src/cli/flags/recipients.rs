//! Flags about recipients: who will be able to open, and whom to trust.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::recipients::RecipientsOptions;

/// Who will be able to open.
#[derive(Args, Clone, Debug, Default)]
pub struct RecipientFlags {
    /// Encrypt to the certificates in FILE, or to every *.pem, *.crt, *.cer and *.der in a folder; may be
    /// repeated
    #[arg(short, long = "recipient", value_name = "FILE|DIR")]
    pub recipients: Vec<PathBuf>,
}

/// Whom to trust beyond the folder of the recipients.
#[derive(Args, Clone, Debug, Default)]
pub struct TrustFlags {
    /// Use only certificates with a chain to one of the authorities in FILE; may be repeated
    ///
    /// FILE is PEM or DER, read once at the start. Self-signed certificates in it are the roots, the
    /// others are links of a chain (all are roots when none is self-signed). The links may also be
    /// next to the recipients, or after a recipient in its own file.
    #[arg(long, value_name = "FILE")]
    pub ca: Vec<PathBuf>,

    /// Refuse the certificates that a revocation list in FILE names, or one of *.crl, *.pem and *.der
    /// in a folder; may be repeated
    ///
    /// Lists are re-read at every epoch. One that its issuer did not sign is not believed; where
    /// no certificate of the issuer is known (see --ca), the list is taken at its word. What was refused
    /// once stays refused for the run. A list that is damaged, gone or overdue is warned of, and what it
    /// named stays refused: recording does not stop because the next list is late.
    #[arg(long, value_name = "FILE|DIR")]
    pub crl: Vec<PathBuf>,
}

impl TrustFlags {
    /// Whom a recording trusts that warns of certificates which expire within `warn_before`.
    pub fn options(&self, warn_before: Duration) -> RecipientsOptions {
        RecipientsOptions { authorities: self.ca.clone(), revocation_lists: self.crl.clone(), warn_before }
    }
}
