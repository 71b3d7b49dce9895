//! Flags about recipients: who will be able to open, and whom to trust.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::base::parse;
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
    /// next to the recipients, or after a recipient in its own file. Roots and links must be authorities
    /// that may sign certificates, by their basic constraints and key usage; any other certificate in FILE
    /// stands for itself alone.
    #[arg(long, value_name = "FILE")]
    pub ca: Vec<PathBuf>,

    /// Use only certificates for which a revocation list in FILE vouches, or one of *.crl, *.pem and *.der
    /// in a folder; may be repeated
    ///
    /// A list vouches for a certificate when the certificate's issuer made it, it is valid now and covers such
    /// certificates, and it does not name this one, as in openssl verify -crl_check. The issuer's certificate must be
    /// known: from --ca, or next to the recipients. A certificate is left out when there is no list of its issuer, or
    /// the list has expired, is forged, or cannot be checked; the warning says which. A self-issued certificate has no
    /// list and is accepted only if --ca names it, too. Lists are PEM with one or more, DER, or base64 as Windows
    /// writes it. A delta is used together with the list that it changes, and only adds to it.
    ///
    /// Lists are re-read at every epoch. A certificate that was once named stays refused, even when the list is lost or
    /// an older one takes its place (see --crl-state). A list whose file is damaged or gone is used until it expires.
    /// What is named by a list that cannot be checked is refused, too, but not remembered.
    #[arg(long, value_name = "FILE|DIR")]
    pub crl: Vec<PathBuf>,

    /// Use a revocation list for TIME after it has expired, with a warning
    ///
    /// Without it, those whom the list vouched for are left out as soon as the next one is late, and recording stops
    /// when nobody else is left. A list that expires soon is warned of.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse::duration, requires = "crl")]
    pub crl_grace: Duration,

    /// Keep in FILE what was revoked, instead of .vidveil-revoked in the folder of the lists
    ///
    /// FILE is a text with a line for each recipient that was found revoked; it only grows, and is replaced as a whole.
    /// The default is in the first folder of --crl, or in the folder of its first file. If it cannot be written, a
    /// warning says so at the start. Whoever may write its folder can remove it: only this user and root should be able
    /// to write to this folder and to those of the lists and certificates; others are warned of. enroll-cert reads FILE
    /// and does not write it.
    #[arg(long, value_name = "FILE", requires = "crl")]
    pub crl_state: Option<PathBuf>,
}

impl TrustFlags {
    /// Whom a recording trusts that warns of certificates which expire within `warn_before`.
    pub fn options(&self, warn_before: Duration) -> RecipientsOptions {
        RecipientsOptions {
            authorities: self.ca.clone(),
            revocation_lists: self.crl.clone(),
            revocation_grace: self.crl_grace,
            revoked_record: self.crl_state.clone(),
            warn_before,
        }
    }
}
