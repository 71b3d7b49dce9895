//! The flags of the commands that sign, and of those that ask who signed.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::base::parse;

/// Signing the stream that is written.
#[derive(Args, Clone, Debug, Default)]
pub struct SignFlags {
    /// Sign every epoch with the private key in FILE (Ed25519, P-256, P-384 or RSA)
    ///
    /// The certificate of --signer goes into the stream. A signature shows who recorded it, and that nothing was
    /// changed, to somebody who has no key; verify checks it. What is signed stays so when rewrap changes the
    /// recipients or cuts a part out.
    #[arg(long, value_name = "FILE", requires = "signer")]
    pub sign: Option<PathBuf>,

    /// Certificate of the key of --sign
    #[arg(long, value_name = "FILE", requires = "sign")]
    pub signer: Option<PathBuf>,

    /// Go on without signatures when the certificate of --signer has expired
    ///
    /// Otherwise recording stops before that, with exit status 4. With it the signed stream is closed, and another one
    /// continues it that is not signed.
    #[arg(long, requires = "sign")]
    pub unsigned_after_expiry: bool,
}

/// Whose streams are accepted.
#[derive(Args, Clone, Debug, Default)]
pub struct SignerFlags {
    /// Accept only streams that the owner of the certificate in FILE has signed; may be repeated
    ///
    /// A stream that is not signed, or by somebody else, or with a certificate that had expired then, is refused with
    /// exit status 4; a wrong signature is damage (3). Of a file nothing of an epoch is used before its signature was
    /// found right; of a pipe the frames of an epoch are, when their tags are right, before its signature has come.
    #[arg(long, value_name = "FILE")]
    pub signer: Vec<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub authority: SignerAuthorityFlags,
}

/// By which authorities signers are accepted, and which of them are revoked.
#[derive(Args, Clone, Debug, Default)]
pub struct SignerAuthorityFlags {
    /// Accept signers with a chain to one of the authorities in FILE, too; may be repeated
    ///
    /// The signer's certificate must say that it is for signing streams, by the extended key usage
    /// 1.2.840.113556.1.8000.2554.58383.6542.64955.17999.42490.7700348.2513773, as those of enroll-cert --generate
    /// --for signing do; or its name must be given with --signer-name. Chain and validity are those of the time that
    /// each epoch states.
    #[arg(long, value_name = "FILE")]
    pub ca: Vec<PathBuf>,

    /// Accept by --ca only signers called NAME, whatever their extended key usage; may be repeated
    ///
    /// NAME is the common name, or the whole subject as inspect shows it. A common name that is one of several, or has
    /// "=" in it, is no name of its own: the whole subject is to be given.
    #[arg(long, value_name = "NAME", requires = "ca")]
    pub signer_name: Vec<String>,

    /// Accept only signers for which a revocation list in FILE vouches, or one of *.crl, *.pem and *.der in a
    /// folder; may be repeated
    ///
    /// A list vouches for a signer when it is by its issuer, valid now, and does not name it. The issuer's certificate
    /// must be known (--ca). A signer that issued its own certificate has no list, and needs none if it is named with
    /// --signer. One that is revoked is refused for whatever it signed, since the time in a stream is the signer's
    /// word. Lists are re-read while a stream is read.
    #[arg(long, value_name = "FILE|DIR")]
    pub crl: Vec<PathBuf>,

    /// Use a revocation list for TIME after it has expired, with a warning
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse::duration, requires = "crl")]
    pub crl_grace: Duration,
}

impl SignerFlags {
    /// Whether anything of this was given.
    pub fn is_given(&self) -> bool {
        let SignerAuthorityFlags { ca, signer_name, crl, .. } = &self.authority;
        !(self.signer.is_empty() && ca.is_empty() && signer_name.is_empty() && crl.is_empty())
    }
}
