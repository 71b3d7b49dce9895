//! What bytes of DER look like.

use der::Decode;
use pkcs8::EncryptedPrivateKeyInfoRef;

/// Whether DER looks like a private key of any form: PKCS#8 and the older ones begin with a version number, which a
/// certificate does not; encrypted PKCS#8 begins with its encryption.
pub(super) fn is_private_key(bytes: &[u8]) -> bool {
    let versioned = der::SliceReader::new(bytes).ok().and_then(|mut reader| {
        use der::{Header, Tag};
        let outer = Header::decode(&mut reader).ok()?;
        Some(outer.tag() == Tag::Sequence && Tag::peek(&reader).ok()? == Tag::Integer)
    });
    versioned == Some(true) || EncryptedPrivateKeyInfoRef::from_der(bytes).is_ok()
}
