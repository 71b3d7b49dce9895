//! Who can open a session is changed: its secret sealed anew, nothing else.

use crate::format::{Keys, Message, MessageKind, Signature, SlotContent, limits, sha256};
use crate::keys::{Certificate, Identity, RecipientSet, Signer, check_message, seal_message, verify_signature};

use super::epoch_signature::{algorithm, scheme};
use super::error::SealError;
use super::schedule::SessionSecret;
use super::session;

/// A change of recipients, the same for every session of a stream.
pub struct Change<'a> {
    /// Private keys; each session must have one of them among its recipients.
    pub identities: &'a [Box<dyn Identity>],
    /// The new recipients, found usable.
    pub recipients: Vec<Certificate>,
    /// The old ones stay, too.
    pub keep: bool,
    /// Who signs the change.
    pub signer: Option<&'a Signer>,
    /// UTC ns.
    pub now_ns: i64,
}

impl Change<'_> {
    /// Opens the session's secret and checks it against the commitment. `None` when no identity opens it and the change
    /// has been made already, so that a change that was interrupted can be finished by the same command.
    ///
    /// Errors: [`SealError::NotRecipient`]; [`SealError::Session`]; [`SealError::Shared`].
    pub fn open(&self, keys: &Keys, stream_hash: &[u8; 32]) -> Result<Option<SessionSecret>, SealError> {
        if self.keep && keys.current().messages.iter().any(|m| m.kind != MessageKind::Secret) {
            return Err(SealError::Shared { session: keys.session });
        }
        match session::open_secret(keys, stream_hash, self.identities) {
            Ok(secret) => Ok(Some(secret)),
            Err(SealError::NotRecipient { .. }) if !self.keep && self.is_made(keys) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The recipients that the session will have. Errors: [`SealError::BadRecipient`],
    /// [`SealError::TooManyRecipients`].
    pub fn recipients(&self, keys: &Keys) -> Result<Vec<Certificate>, SealError> {
        let old = if self.keep { session::recipients(keys)? } else { Vec::new() };
        let all = RecipientSet::join(&self.recipients, old);
        if all.len() > limits::MESSAGES { Err(SealError::TooManyRecipients) } else { Ok(all) }
    }

    /// The new content for the slot that does not count now: content key, nonce and ephemeral keys are new. `keys_hash`
    /// is that of the keys record as first written, as the start record after it has it.
    ///
    /// Errors: as [`Change::recipients`]; the message or the signature cannot be made.
    pub fn content(
        &self,
        keys: &Keys,
        secret: &SessionSecret,
        stream_hash: &[u8; 32],
        keys_hash: &[u8; 32],
    ) -> Result<SlotContent, SealError> {
        let recipients = self.recipients(keys)?;
        let cms = seal_message(secret.as_bytes(), &recipients)?;
        let message = Message {
            kind: MessageKind::Secret,
            recipients: recipients.iter().map(|c| c.der().to_vec()).collect(),
            cms,
        };
        let generation = keys.current().generation.checked_add(1);
        let mut content = SlotContent {
            generation: generation.ok_or(SealError::Session { session: keys.session })?,
            written_ns: self.now_ns,
            groups: Vec::new(),
            messages: vec![message],
            changed_by: None,
        };
        if let Some(signer) = self.signer {
            let text = signed_text(&content, stream_hash, keys.session, keys_hash)?;
            let signature = Signature { algorithm: algorithm(signer.scheme()), bytes: signer.sign(&text)? };
            content.changed_by = Some((signer.certificate().der().to_vec(), signature));
        }
        Ok(content)
    }

    /// The keys record with the new recipients in a slot, the other one empty. Slots get larger where the content needs
    /// it; they stay as they are where it fits. With `secret` as [`Change::open`] gave it.
    ///
    /// Errors: as [`Change::content`].
    pub fn keys(
        &self,
        keys: &Keys,
        secret: Option<&SessionSecret>,
        stream_hash: &[u8; 32],
        keys_hash: &[u8; 32],
    ) -> Result<Keys, SealError> {
        let Some(secret) = secret else { return Ok(keys.clone().settled()) };
        let content = self.content(keys, secret, stream_hash, keys_hash)?;
        let too_many = |_| SealError::TooManyRecipients;
        let size = match content.needs().map_err(too_many)? {
            needs if needs <= keys.slot_size() => keys.slot_size(),
            _ => content.slot_size(keys.slot_size()).map_err(too_many)?,
        };
        keys.rewrapped(content, size).map_err(too_many)
    }

    /// Whether the session's list is the wanted one. A claim: nothing but the list's own signature vouches for it.
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

/// Whose signature the list of recipients bears; `None` when it bears none, or a wrong one.
pub fn slot_signed_by(
    content: &SlotContent,
    stream_hash: &[u8; 32],
    session: u32,
    keys_hash: &[u8; 32],
) -> Option<Certificate> {
    let (der, signature) = content.changed_by.as_ref()?;
    let certificate = Certificate::from_der(der).ok()?;
    let text = signed_text(content, stream_hash, session, keys_hash).ok()?;
    verify_signature(&certificate, scheme(signature.algorithm), &text, &signature.bytes).then_some(certificate)
}

/// Whether the list of recipients is the recorder's own, or signed by whoever changed it. `keys_hash` is the start
/// record's.
pub fn is_vouched(keys: &Keys, stream_hash: &[u8; 32], keys_hash: &[u8; 32]) -> bool {
    keys.to_record().is_ok_and(|record| sha256(&record) == *keys_hash)
        || slot_signed_by(keys.current(), stream_hash, keys.session, keys_hash).is_some()
}

/// What the signature in a slot covers.
fn signed_text(
    content: &SlotContent,
    stream_hash: &[u8; 32],
    session: u32,
    keys_hash: &[u8; 32],
) -> Result<Vec<u8>, SealError> {
    let mut text = b"vidveil1 slot\0".to_vec();
    text.extend_from_slice(stream_hash);
    text.extend_from_slice(&session.to_be_bytes());
    text.extend_from_slice(&content.generation.to_be_bytes());
    text.extend_from_slice(keys_hash);
    text.extend_from_slice(&content.signed_part().map_err(|_| SealError::TooManyRecipients)?);
    Ok(text)
}
