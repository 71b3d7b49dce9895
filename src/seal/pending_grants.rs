//! Grants that come before their stream, or next to it.

use crate::format::Grant;
use crate::keys::Identity;

use super::grant;

/// Most grants that are kept, and most bytes of them: they are claims, and anybody can write one that names our
/// certificate.
const GRANTS: usize = 4096;
const BYTES: usize = 32 << 20;

/// Those that are for one of the identities.
#[derive(Default)]
pub(super) struct PendingGrants {
    grants: Vec<Grant>,
    bytes: usize,
}

impl PendingGrants {
    /// Keeps a grant until its stream comes; one that is for none of `identities`, or over the limits, is forgotten.
    pub fn keep(&mut self, g: Grant, identities: &[Box<dyn Identity>]) {
        let bytes = self.bytes.saturating_add(g.cms.len()).saturating_add(g.recipient.len());
        if self.grants.len() < GRANTS && bytes <= BYTES && grant::is_for(&g, identities) {
            self.bytes = bytes;
            self.grants.push(g);
        }
    }

    /// Those of the stream whose record has this hash.
    pub fn of(&self, stream_hash: &[u8; 32]) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(|g| g.stream_hash == *stream_hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Algorithm, GenerateOptions, KeyFile, certificates_in, generate};

    #[test]
    fn what_is_kept_is_bounded() {
        let options = GenerateOptions { name: "a".into(), algorithm: Algorithm::P256, days: 9, now_ns: 1 << 60 };
        let made = generate(&options, None).unwrap();
        let key = KeyFile::parse(made.key_pem.as_bytes(), || None).unwrap();
        let certificate = certificates_in(made.certificate_pem.as_bytes()).unwrap().remove(0);
        let (mut pending, identities) = (PendingGrants::default(), [Box::new(key) as Box<dyn Identity>]);
        for _ in 0..9 {
            let (recipient, cms) = (certificate.der().to_vec(), vec![0; 15 << 20]);
            pending.keep(Grant { stream_hash: [0; 32], first: 0, last: 0, recipient, cms }, &identities);
        }
        assert_eq!(pending.of(&[0; 32]).count(), 2);
    }
}
