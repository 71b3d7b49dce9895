//! A key session: its keys record made, and opened again.

use crate::format::{Keys, LeftOut, Message, MessageKind, SlotContent};
use crate::keys::{Certificate, Identity, OpenError, RecipientSet, open_message, seal_message};

use super::error::SealError;
use super::schedule::{SessionKey, SessionSecret};

/// Makes a session with a new secret for the usable certificates of `recipients`: its key and its keys record.
pub(super) fn create(
    stream_hash: &[u8; 32],
    session: u32,
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
    };
    let left_out = recipients.left_out.iter().map(|l| LeftOut {
        reason: l.reason.code(),
        fingerprint: l.fingerprint(),
        not_after_ns: l.not_after_ns(),
        name: l.subject_or_name(),
    });
    let left_out = left_out.take(crate::format::limits::LEFT_OUT).collect();
    let keys = Keys::new(session, first_epoch, key.commitment(), left_out, content, key_room);
    Ok((key, keys.map_err(|_| SealError::TooManyRecipients)?))
}

/// The certificates that a session's keys record names as recipients. Claims: no key covers them.
pub fn recipients(keys: &Keys) -> Result<Vec<Certificate>, SealError> {
    let bad = |_| SealError::BadRecipient { session: keys.session };
    let messages = keys.current().messages.iter();
    messages.flat_map(|m| &m.recipients).map(|der| Certificate::from_der(der).map_err(bad)).collect()
}

/// Opens a session with whichever identity is a recipient, and checks the secret against the commitment.
///
/// Errors: [`SealError::NotRecipient`]; [`SealError::Session`] for everything that is wrong with a recipient's message;
/// [`SealError::Device`].
pub(super) fn open(
    keys: &Keys,
    stream_hash: &[u8; 32],
    identities: &[Box<dyn Identity>],
) -> Result<SessionKey, SealError> {
    Ok(open_secret(keys, stream_hash, identities)?.session_key(stream_hash, keys.session))
}

/// The same, and gives the secret itself, which is the commitment's.
pub(super) fn open_secret(
    keys: &Keys,
    stream_hash: &[u8; 32],
    identities: &[Box<dyn Identity>],
) -> Result<SessionSecret, SealError> {
    let failed = || SealError::Session { session: keys.session };
    let mut all = Vec::new();
    for m in &keys.current().messages {
        let certificates = m.recipients.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|_| failed())?;
        if m.kind == MessageKind::Secret {
            let holders: Vec<&dyn Identity> = identities.iter().map(|i| &**i).collect();
            match open_message(&m.cms, &certificates, &holders) {
                Ok(secret) => {
                    let secret = SessionSecret::from_bytes(&secret).ok_or_else(failed)?;
                    let key = secret.session_key(stream_hash, keys.session);
                    return if key.is_committed_by(&keys.commitment) { Ok(secret) } else { Err(failed()) };
                }
                Err(OpenError::NotRecipient) => {}
                Err(OpenError::Device(e)) => return Err(e.into()),
                Err(OpenError::Failed) => return Err(failed()),
            }
        }
        all.extend(certificates);
    }
    let given = identities.iter().filter_map(|i| i.description()).collect();
    Err(SealError::NotRecipient { session: keys.session, recipients: all, given })
}
