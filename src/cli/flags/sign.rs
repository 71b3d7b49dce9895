//! The flags of the commands that sign, and of those that ask who signed.

use std::path::PathBuf;

use clap::Args;

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

    /// Accept signers with a chain to one of the authorities in FILE, too; may be repeated
    #[arg(long, value_name = "FILE")]
    pub ca: Vec<PathBuf>,
}
