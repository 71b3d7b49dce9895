//! Who signs a public stream.

use crate::keys::Signer;
use crate::recipients::SignerWatch;

/// Who signs a public stream.
pub struct PublicSigner {
    /// The private key and its certificate.
    pub signer: Signer,
    /// Warns when the certificate's end comes near.
    pub watch: SignerWatch,
    /// When the certificate has ended, the public stream goes on without signatures. Otherwise it ends.
    pub goes_on_unsigned: bool,
}
