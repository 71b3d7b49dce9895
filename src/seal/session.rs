//! A key session: its keys record made, and opened again.

use subtle::ConstantTimeEq;

use crate::format::{Keys, LeftOut, Message, MessageKind, SlotContent, SlotState};
use crate::keys::{Certificate, DeviceError, Identity, OpenError, RecipientSet, open_message, seal_message};

use super::error::SealError;
use super::schedule::{Chain, SessionKey, SessionSecret};

/// Makes a session with a new secret for the usable certificates of `recipients`: its key and its keys record. `before`
/// is the chain of the session before it, at the new one's first epoch.
pub(super) fn create(
    stream_hash: &[u8; 32],
    session: u32,
    before: Option<&Chain>,
    first_epoch: u64,
    recipients: &RecipientSet,
    key_room: u32,
    now_ns: i64,
) -> Result<(SessionKey, Keys), SealError> {
    let secret = SessionSecret::random()?;
    let certificates = recipients.certificates();
    let cms = seal_message(secret.as_bytes(), &certificates)?;
    let key = secret.session_key(stream_hash, session);
    let message =
        Message { kind: MessageKind::Secret, recipients: certificates.iter().map(|c| c.der().to_vec()).collect(), cms };
    let content = SlotContent {
        generation: 1,
        written_ns: now_ns,
        groups: Vec::new(),
        messages: vec![message],
        changed_by: None,
        mac: [0; 32],
    };
    let left_out = recipients.left_out.iter().map(|l| LeftOut {
        reason: l.reason.code(),
        fingerprint: l.fingerprint(),
        not_after_ns: l.not_after_ns(),
        name: l.subject_or_name(),
    });
    let left_out = left_out.take(crate::format::limits::LEFT_OUT).collect();
    let keys = Keys::new(session, first_epoch, key.commitment(), left_out, content, key_room);
    let keys = keys.and_then(|keys| match before {
        Some(chain) => keys.with_bond(|text| chain.bond(text)),
        None => Ok(keys),
    });
    let keys = keys.and_then(|keys| keys.with_mac(|text| key.slot_mac(text)));
    Ok((key, keys.map_err(|_| SealError::TooManyRecipients)?))
}

/// The certificates that a session's keys record names as recipients. Claims, until the slot's MAC was checked.
pub fn recipients(keys: &Keys) -> Result<Vec<Certificate>, SealError> {
    let bad = |_| SealError::BadRecipient { session: keys.session };
    let messages = keys.current().messages.iter();
    messages.flat_map(|m| &m.recipients).map(|der| Certificate::from_der(der).map_err(bad)).collect()
}

/// A session that a given key has opened. The secret is the commitment's.
pub(super) struct OpenedSession {
    pub secret: SessionSecret,
    /// P, made of it.
    pub key: SessionKey,
    pub list: ListState,
}

/// What the secret says of the list of recipients that counts.
#[derive(Debug)]
pub(super) enum ListState {
    /// It opened, and was written by somebody who had the secret.
    Proven,
    /// It was written by somebody who had the secret, and opens with none of the given keys: the list before it did.
    /// The error is what a reader hears.
    Superseded(SealError),
    /// It was written by somebody without the secret, and the list before it is proven, and opened; or there are two of
    /// one generation, and one of them is proven, and opened.
    Forged,
}

/// Opens a session with whichever identity is a recipient, and checks the secret against the commitment and the lists
/// against the secret.
///
/// The slot that counts is tried first. Where it does not open, or is not proven, the other one may show that somebody
/// wrote it who had no key.
///
/// Errors: [`SealError::NotRecipient`]; [`SealError::Session`] for everything that is wrong with a recipient's message,
/// and for a slot whose MAC is wrong; [`SealError::Device`].
pub(super) fn open(
    keys: &Keys,
    stream_hash: &[u8; 32],
    identities: &[Box<dyn Identity>],
) -> Result<OpenedSession, SealError> {
    let failed = || SealError::Session { session: keys.session };
    let current = keys.current_slot();
    let closed = match open_slot(keys, current, stream_hash, identities) {
        Ok((secret, key)) if is_proven(keys, current, &key) => {
            let list = if keys.is_tied() { ListState::Forged } else { ListState::Proven };
            return Ok(OpenedSession { secret, key, list });
        }
        Ok(_) => Closed::Failed,
        Err(Closed::Device(e)) => return Err(e.into()),
        Err(closed) => closed,
    };
    let not_recipient = |recipients| {
        let given = identities.iter().filter_map(|i| i.description()).collect();
        SealError::NotRecipient { session: keys.session, recipients, given }
    };
    match (open_slot(keys, 1 - current, stream_hash, identities), closed) {
        (Ok((secret, key)), closed) => match (is_proven(keys, current, &key), closed) {
            (is_first_proven, _) if (!is_first_proven || keys.is_tied()) && is_proven(keys, 1 - current, &key) => {
                Ok(OpenedSession { secret, key, list: ListState::Forged })
            }
            (true, Closed::NotRecipient(recipients)) => {
                Ok(OpenedSession { secret, key, list: ListState::Superseded(not_recipient(recipients)) })
            }
            _ => Err(failed()),
        },
        (Err(Closed::Device(e)), _) => Err(e.into()),
        (Err(_), Closed::NotRecipient(recipients)) => Err(not_recipient(recipients)),
        (Err(_), _) => Err(failed()),
    }
}

/// Whether a slot was written by somebody who had the session's secret: its MAC is right.
pub(super) fn is_proven(keys: &Keys, slot: usize, key: &SessionKey) -> bool {
    let Some(SlotState::Whole(content)) = keys.slots().get(slot).copied() else { return false };
    keys.mac_text(slot).is_some_and(|text| key.slot_mac(&text).ct_eq(&content.mac).into())
}

/// Why a slot did not open.
enum Closed {
    /// It is not whole, or none of the identities is a recipient: whose keys would do.
    NotRecipient(Vec<Certificate>),
    /// A recipient's message is wrong, or holds another secret than the commitment's.
    Failed,
    Device(DeviceError),
}

/// Opens the secret with the messages of a slot.
fn open_slot(
    keys: &Keys,
    slot: usize,
    stream_hash: &[u8; 32],
    identities: &[Box<dyn Identity>],
) -> Result<(SessionSecret, SessionKey), Closed> {
    let mut all = Vec::new();
    let Some(SlotState::Whole(content)) = keys.slots().get(slot).copied() else {
        return Err(Closed::NotRecipient(all));
    };
    for m in &content.messages {
        let certificates = m.recipients.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|_| Closed::Failed)?;
        if m.kind == MessageKind::Secret {
            let holders: Vec<&dyn Identity> = identities.iter().map(|i| &**i).collect();
            match open_message(&m.cms, &certificates, &holders) {
                Ok(secret) => {
                    let secret = SessionSecret::from_bytes(&secret).ok_or(Closed::Failed)?;
                    let key = secret.session_key(stream_hash, keys.session);
                    return if key.is_committed_by(&keys.commitment) { Ok((secret, key)) } else { Err(Closed::Failed) };
                }
                Err(OpenError::NotRecipient) => {}
                Err(OpenError::Device(e)) => return Err(Closed::Device(e)),
                Err(OpenError::Failed) => return Err(Closed::Failed),
            }
        }
        all.extend(certificates);
    }
    Err(Closed::NotRecipient(all))
}
