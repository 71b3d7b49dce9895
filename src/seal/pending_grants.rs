//! Grants that are not opened yet: those that come before their stream or next to it, and those of a stream until an
//! epoch comes that they claim to hold.

use std::rc::Rc;

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
    grants: Vec<PendingGrant>,
    bytes: usize,
}

struct PendingGrant {
    grant: Rc<Grant>,
    /// An epoch that it claims to hold has come, and its keys were known without it.
    came: bool,
}

impl PendingGrants {
    /// Keeps a grant until it is wanted; one that is for none of `identities`, or over the limits, is forgotten.
    pub fn keep(&mut self, g: &Grant, identities: &[Box<dyn Identity>]) {
        if grant::is_for(g, identities) {
            self.add(Rc::new(g.clone()));
        }
    }

    /// The same for one that is known to be for one of the identities.
    pub fn add(&mut self, grant: Rc<Grant>) {
        let bytes = self.bytes.saturating_add(grant.cms.len()).saturating_add(grant.recipient.len());
        if self.grants.len() < GRANTS && bytes <= BYTES {
            self.bytes = bytes;
            self.grants.push(PendingGrant { grant, came: false });
        }
    }

    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// Those of the stream whose record has this hash.
    pub fn of(&self, stream_hash: &[u8; 32]) -> impl Iterator<Item = &Rc<Grant>> {
        self.grants.iter().map(|g| &g.grant).filter(|g| g.stream_hash == *stream_hash)
    }

    /// Whether one claims to hold this epoch.
    pub fn claim(&self, epoch: u64) -> bool {
        self.grants.iter().any(|g| is_within(&g.grant, epoch))
    }

    /// Takes out one that claims to hold this epoch.
    pub fn take(&mut self, epoch: u64) -> Option<Rc<Grant>> {
        let at = self.grants.iter().position(|g| is_within(&g.grant, epoch))?;
        Some(self.remove(at))
    }

    /// This epoch has come, and whoever claims to hold it was not needed.
    pub fn pass(&mut self, epoch: u64) {
        self.grants.iter_mut().filter(|g| is_within(&g.grant, epoch)).for_each(|g| g.came = true);
    }

    /// Takes out one that was not needed for the epochs that came.
    pub fn take_passed(&mut self) -> Option<Rc<Grant>> {
        let at = self.grants.iter().position(|g| g.came)?;
        Some(self.remove(at))
    }

    /// First and last epoch of those grants of which no epoch has come.
    pub fn unseen(&self) -> impl Iterator<Item = (u64, u64)> {
        self.grants.iter().filter(|g| !g.came).map(|g| (g.grant.first, g.grant.last))
    }

    fn remove(&mut self, at: usize) -> Rc<Grant> {
        let grant = self.grants.remove(at).grant;
        self.bytes = self.bytes.saturating_sub(grant.cms.len()).saturating_sub(grant.recipient.len());
        grant
    }
}

fn is_within(grant: &Grant, epoch: u64) -> bool {
    (grant.first..=grant.last).contains(&epoch)
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
            pending.keep(&Grant { stream_hash: [0; 32], first: 0, last: 0, recipient, cms }, &identities);
        }
        assert_eq!(pending.of(&[0; 32]).count(), 2);
    }
}
