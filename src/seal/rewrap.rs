//! Who can open a session is changed: its secret sealed anew, nothing else.

use crate::format::{Keys, KeysPlace, Message, MessageKind, Signature, SlotContent, limits, sha256};
use crate::keys::{
    Certificate, Identity, RecipientSet, Signer, Signers, check_message, seal_message, verify_signature,
};

use super::bonds::Bonds;
use super::epoch_signature::{algorithm, scheme};
use super::error::SealError;
use super::schedule::SessionSecret;
use super::seen_lists::SeenLists;
use super::session::{self, ListState};

/// A change of recipients, the same for every session of a stream.
#[derive(Default)]
pub struct Change<'a> {
    /// Private keys; each session must have one of them among its recipients.
    pub identities: &'a [Box<dyn Identity>],
    /// The new recipients, found usable.
    pub recipients: Vec<Certificate>,
    /// The old ones stay, too.
    pub keep: bool,
    /// Who signs the change.
    pub signer: Option<&'a Signer>,
    /// Who must have signed a list that was changed since recording, so that those on it stay.
    pub accepted: Option<&'a Signers>,
    /// What is known of lists that were there before.
    pub seen: Option<&'a SeenLists>,
    /// UTC ns.
    pub now_ns: i64,
}

/// A session whose list of recipients is to be changed, opened.
pub enum Opening {
    /// The list that counts is proven: the session's secret.
    Open(SessionSecret),
    /// The list that counts is forged; the one before it is proven, and gave this secret.
    Forged(SessionSecret),
    /// The list that counts is proven and is the wanted one: a change was interrupted before the old list was wiped.
    Made,
    /// None of the identities opens the session, and its list claims to be the wanted one. The error is what is to be
    /// said where a claim is not enough.
    Claimed(SealError),
}

impl Opening {
    /// What a new list is made from: the record with nothing in it that is forged, and the secret. `None` when no list
    /// is to be made.
    fn proven(&self, keys: &Keys) -> Result<Option<(Keys, &SessionSecret)>, SealError> {
        Ok(match self {
            Opening::Open(secret) => Some((keys.clone(), secret)),
            Opening::Forged(secret) => {
                let before = keys.clone().put_back();
                Some((before.ok_or(SealError::Session { session: keys.session })?, secret))
            }
            Opening::Made | Opening::Claimed(_) => None,
        })
    }
}

impl Change<'_> {
    /// Opens the session's secret, and checks it against the commitment and the lists against it. `keys_hash` is that
    /// of the keys record as first written, as the start record after it has it; `bonds` has seen the sessions before
    /// it.
    ///
    /// Errors: [`SealError::NotRecipient`]; [`SealError::Session`]; [`SealError::Unbound`]; where the old recipients
    /// are to stay, [`SealError::Shared`], [`SealError::ForgedList`], [`SealError::OlderList`] and
    /// [`SealError::ListNotAccepted`].
    pub fn open(
        &self,
        keys: &Keys,
        place: &KeysPlace,
        keys_hash: &[u8; 32],
        bonds: &mut Bonds,
    ) -> Result<Opening, SealError> {
        let session = keys.session;
        bonds.begin(&place.stream_hash);
        let bond = bonds.check(keys, place.offset)?;
        if self.keep && keys.current().messages.iter().any(|m| m.kind != MessageKind::Secret) {
            return Err(SealError::Shared { session });
        }
        let is_made = || !self.keep && self.is_made(keys);
        let opened = match session::open(keys, &place.stream_hash, self.identities) {
            Ok(opened) => opened,
            Err(e @ SealError::NotRecipient { .. }) if is_made() => {
                bonds.closed(keys, bond);
                return Ok(Opening::Claimed(e));
            }
            Err(e) => return Err(e),
        };
        bonds.open(keys, bond, opened.key.chain(keys.first_epoch));
        match opened.list {
            ListState::Proven => {
                if self.keep {
                    self.may_be_kept(keys, &place.stream_hash, keys_hash)?;
                }
                Ok(Opening::Open(opened.secret))
            }
            ListState::Superseded(_) if is_made() => Ok(Opening::Made),
            ListState::Superseded(e) => Err(e),
            ListState::Forged if self.keep => {
                Err(SealError::ForgedList { session, offset: place.offset, tied: keys.is_tied() })
            }
            ListState::Forged => Ok(Opening::Forged(opened.secret)),
        }
    }

    /// Whether those on the list that counts, which is proven, may stay.
    fn may_be_kept(&self, keys: &Keys, stream_hash: &[u8; 32], keys_hash: &[u8; 32]) -> Result<(), SealError> {
        let (session, generation) = (keys.session, keys.current().generation);
        if let Some(seen) = self.seen(keys, stream_hash).filter(|seen| *seen > generation) {
            return Err(SealError::OlderList { session, generation, seen });
        }
        let Some(accepted) = self.accepted else { return Ok(()) };
        if !is_changed(keys, keys_hash) {
            return Ok(());
        }
        let by = list_signed_by(keys, stream_hash, keys_hash);
        if by.as_ref().is_some_and(|c| accepted.accept(c, keys.current().written_ns).is_ok()) {
            return Ok(());
        }
        Err(SealError::ListNotAccepted { session, by: by.map(|c| c.subject().to_owned()) })
    }

    /// The highest generation that was seen of the session's list.
    pub fn seen(&self, keys: &Keys, stream_hash: &[u8; 32]) -> Option<u64> {
        self.seen?.generation(stream_hash, keys.session)
    }

    /// The recipients that the session will have. Errors: [`SealError::BadRecipient`],
    /// [`SealError::TooManyRecipients`].
    pub fn recipients(&self, keys: &Keys) -> Result<Vec<Certificate>, SealError> {
        let old = if self.keep { session::recipients(keys)? } else { Vec::new() };
        let all = RecipientSet::join(&self.recipients, old);
        if all.len() > limits::MESSAGES { Err(SealError::TooManyRecipients) } else { Ok(all) }
    }

    /// The new content for the slot that does not count now, but for its MAC: content key, nonce and ephemeral keys are
    /// new; and the size of the slot, which is larger than it was where the content needs it. `keys_hash` is that of
    /// the keys record as first written, as the start record after it has it.
    ///
    /// Errors: as [`Change::recipients`]; the message or the signature cannot be made.
    pub fn content(
        &self,
        keys: &Keys,
        secret: &SessionSecret,
        stream_hash: &[u8; 32],
        keys_hash: &[u8; 32],
    ) -> Result<(SlotContent, u32), SealError> {
        let recipients = self.recipients(keys)?;
        let cms = seal_message(secret.as_bytes(), &recipients)?;
        let message = Message {
            kind: MessageKind::Secret,
            recipients: recipients.iter().map(|c| c.der().to_vec()).collect(),
            cms,
        };
        // above whatever was there before, so that no older list counts again
        let highest = keys.current().generation.max(self.seen(keys, stream_hash).unwrap_or(0));
        let generation = highest.checked_add(1);
        let mut content = SlotContent {
            generation: generation.ok_or(SealError::Session { session: keys.session })?,
            written_ns: self.now_ns,
            groups: Vec::new(),
            messages: vec![message],
            changed_by: None,
            mac: [0; 32],
        };
        let blank = |s: &Signer| Signature { algorithm: algorithm(s.scheme()), bytes: vec![0; s.signature_len()] };
        content.changed_by = self.signer.map(|s| (s.certificate().der().to_vec(), blank(s)));
        // a signature covers the slot's size, which its own length may make larger
        let size = room(&content, keys.slot_size())?;
        if let Some(signer) = self.signer {
            let text = signed_text(keys, &content, size, stream_hash, keys_hash)?;
            let signature = Signature { bytes: signer.sign(&text)?, ..blank(signer) };
            content.changed_by = Some((signer.certificate().der().to_vec(), signature));
        }
        Ok((content, size))
    }

    /// The keys record with the new recipients in a slot, the other one empty. Slots get larger where the content needs
    /// it; they stay as they are where it fits. With `opening` as [`Change::open`] gave it.
    ///
    /// Errors: as [`Change::content`]; [`SealError::Session`] for [`Opening::Claimed`], which opened nothing.
    pub fn keys(
        &self,
        keys: &Keys,
        opening: &Opening,
        stream_hash: &[u8; 32],
        keys_hash: &[u8; 32],
    ) -> Result<Keys, SealError> {
        let too_many = |_| SealError::TooManyRecipients;
        let Some((keys, secret)) = opening.proven(keys)? else {
            return match opening {
                Opening::Claimed(_) => Err(SealError::Session { session: keys.session }),
                _ => Ok(keys.clone().settled()),
            };
        };
        let (content, size) = self.content(&keys, secret, stream_hash, keys_hash)?;
        let key = secret.session_key(stream_hash, keys.session);
        keys.rewrapped(content, size).and_then(|new| new.with_mac(|text| key.slot_mac(text))).map_err(too_many)
    }

    /// The bytes that the new list takes of a slot; `None` when none is to be written.
    ///
    /// Errors: as [`Change::content`].
    pub fn needs(
        &self,
        keys: &Keys,
        opening: &Opening,
        stream_hash: &[u8; 32],
        keys_hash: &[u8; 32],
    ) -> Result<Option<u32>, SealError> {
        let Some((keys, secret)) = opening.proven(keys)? else { return Ok(None) };
        let (content, _) = self.content(&keys, secret, stream_hash, keys_hash)?;
        Ok(Some(content.needs().unwrap_or(u32::MAX)))
    }

    /// Whether the session's list is the wanted one, as it says itself.
    fn is_made(&self, keys: &Keys) -> bool {
        let current = keys.current();
        let [Message { kind: MessageKind::Secret, recipients, cms }] = current.messages.as_slice() else {
            return false;
        };
        let Ok(theirs) = recipients.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>() else {
            return false;
        };
        let same = theirs.len() == self.recipients.len() && self.recipients.iter().all(|c| theirs.contains(c));
        let signer = current.changed_by.as_ref().map(|(der, _)| der.as_slice());
        let signed = self.signer.is_none_or(|s| signer == Some(s.certificate().der()));
        same && signed && check_message(cms, &theirs).is_ok()
    }
}

/// Whose signature the list of recipients that counts bears; `None` when it bears none, or a wrong one. Anybody can
/// sign: whether that one counts is for the caller to decide.
pub fn list_signed_by(keys: &Keys, stream_hash: &[u8; 32], keys_hash: &[u8; 32]) -> Option<Certificate> {
    let (der, signature) = keys.current().changed_by.as_ref()?;
    let certificate = Certificate::from_der(der).ok()?;
    let text = signed_text(keys, keys.current(), keys.slot_size(), stream_hash, keys_hash).ok()?;
    verify_signature(&certificate, scheme(signature.algorithm), &text, &signature.bytes).then_some(certificate)
}

/// Whether the list of recipients is another one than the recorder's own. `keys_hash` is the start record's.
pub fn is_changed(keys: &Keys, keys_hash: &[u8; 32]) -> bool {
    keys.to_record().map_or(true, |record| sha256(&record) != *keys_hash)
}

/// The size of a slot for the content: `size`, or more where it does not fit.
fn room(content: &SlotContent, size: u32) -> Result<u32, SealError> {
    let fits = content.needs().map_err(|_| SealError::TooManyRecipients)? <= size;
    if fits { Ok(size) } else { content.slot_size(size).map_err(|_| SealError::TooManyRecipients) }
}

/// What the signature in a slot of `size` bytes covers: the stream, the keys record as it was first written, what
/// stands before the slots, and the content.
fn signed_text(
    keys: &Keys,
    content: &SlotContent,
    size: u32,
    stream_hash: &[u8; 32],
    keys_hash: &[u8; 32],
) -> Result<Vec<u8>, SealError> {
    let mut text = b"vidveil1 slot signature\0".to_vec();
    text.extend_from_slice(stream_hash);
    text.extend_from_slice(keys_hash);
    text.extend_from_slice(&keys.signed_text(content, size).map_err(|_| SealError::TooManyRecipients)?);
    Ok(text)
}
