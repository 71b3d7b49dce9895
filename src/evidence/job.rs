//! What a case is made of, and of which keys.

use std::path::PathBuf;
use std::rc::Rc;

use crate::foreign::Foreign;
use crate::format::Grant;
use crate::keys::{Certificate, Identity, Signer, Signers};
use crate::playback::{Keyring, Span, TrackChoice};
use crate::storage::Existing;
use crate::verify::Outcome;

/// What is to be made.
pub struct ExportJob {
    /// The case: a zip file if the name ends in `.zip`, else a folder.
    pub path: PathBuf,
    /// What to do with a zip file of that name.
    pub existing: Existing,
    /// The permissions of its files; `None` are those that the umask leaves.
    pub mode: Option<u32>,
    /// From when to when; the sealed excerpt is of whole epochs.
    pub span: Span,
    /// A stream that is not sealed is accepted although there are keys.
    pub plain_ok: bool,
    /// Signers whose streams are accepted; `None` accepts all streams, signed or not.
    pub accepted: Option<Signers>,
    /// Certificates that are put in besides those in the recording, as those of the accepted signers.
    pub given: Vec<Certificate>,
    /// Who signs the case.
    pub signer: Option<Signer>,
    /// The epoch keys of the excerpt are put in.
    pub disclose_keys: bool,
    /// Which tracks the video is made of; the excerpt has all.
    pub tracks: TrackChoice,
    /// How the pictures of the contact sheet are decoded.
    pub foreign: Foreign,
    /// The number that `verdict.json` gives for an outcome of the check: the exit status of `verify`.
    pub status: fn(&Outcome) -> u8,
}

/// Private keys and grants that are used several times.
pub(super) struct Keys {
    pub identities: Vec<Rc<dyn Identity>>,
    pub grants: Vec<Grant>,
    pub shared: bool,
}

impl From<Keyring> for Keys {
    fn from(Keyring { identities, grants, shared }: Keyring) -> Self {
        Keys { identities: identities.into_iter().map(Rc::from).collect(), grants, shared }
    }
}

impl Keys {
    /// The same keys for one more use.
    pub fn ring(&self) -> Keyring {
        let identities = self.identities.iter().map(|i| Box::new(Rc::clone(i)) as Box<dyn Identity>);
        Keyring { identities: identities.collect(), grants: self.grants.clone(), shared: self.shared }
    }
}
