//! The key sessions and who can open them, as the keys records claim: without a key nothing proves it.

use std::collections::{BTreeSet, HashMap};

use crate::format::{Keys, LeftOut, MessageKind, SlotState, Start, sha256};
use crate::keys::{Certificate, check_message};
use crate::seal::list_signed_by;

/// The maximum number of entries that are kept of a stream: key sessions, their recipients and the certificates left
/// out, together; and of grants.
pub const MAX_ENTRIES: usize = 8192;
/// The maximum number of certificates that are kept of a stream.
pub const MAX_CERTIFICATES: usize = 1024;

/// A certificate whose owner can open something.
#[derive(Debug, Clone)]
pub struct ListedCertificate {
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    /// What the certificate says; `None` when it cannot be read.
    pub certificate: Option<Certificate>,
}

impl ListedCertificate {
    /// `valid now`, `expired` or `not yet valid`; `None` when the certificate cannot be read. `now_ns` is UTC ns.
    pub fn validity(&self, now_ns: i64) -> Option<&'static str> {
        let c = self.certificate.as_ref()?;
        Some(if now_ns > c.not_after_ns() {
            "expired"
        } else if now_ns < c.not_before_ns() {
            "not yet valid"
        } else {
            "valid now"
        })
    }
}

/// What a certificate holds of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Index into [`Sessions::certificates`].
    pub certificate: usize,
    /// The whole secret, or a share of it.
    pub holds: MessageKind,
}

/// A key session.
#[derive(Debug, Clone)]
pub struct KeySession {
    /// Its number.
    pub number: u32,
    /// Its first epoch.
    pub first_epoch: u64,
    /// Wall clock of the first of its epochs that was read, UTC ns.
    pub since_ns: Option<i64>,
    /// Numbers of the first and the last of its epochs that were read.
    pub epochs: Option<(u64, u64)>,
    /// Wall clock when the next session's first epoch was opened; `None` when it was the last one.
    pub until_ns: Option<i64>,
    /// When the present list of recipients was written, UTC ns.
    pub written_ns: i64,
    /// How often the list was written.
    pub generation: u64,
    /// A change of the list was interrupted.
    pub torn: bool,
    /// There are two lists with one number, of which one is somebody's copy.
    pub tied: bool,
    /// The list is not the one that was recorded with.
    pub changed: bool,
    /// Subject of the certificate that signed the change; `None` where nobody did, or the signature is wrong. Anybody
    /// can sign: whether that certificate counts is not known here.
    pub changed_by: Option<String>,
    /// The certificate of that subject.
    pub changer: Option<Certificate>,
    /// The change has a signature that is wrong.
    pub forged: bool,
    /// Messages in the present list.
    pub messages: usize,
    /// Certificates and messages belong together, one to one.
    pub consistent: bool,
    /// k and n of each threshold group.
    pub groups: Vec<(u8, u8)>,
    /// Who can open it.
    pub holders: Vec<Holder>,
    /// Recipients that were asked for and cannot open it.
    pub left_out: Vec<LeftOut>,
    keys_hash: [u8; 32],
    /// The keys record with the present list, until the list's signature is checked.
    signed: Option<Box<Keys>>,
}

/// All sessions of a stream.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub list: Vec<KeySession>,
    /// Every certificate once.
    pub certificates: Vec<ListedCertificate>,
    /// Entries that a list had no room for.
    pub unlisted: u64,
    /// Some session's recipients are not those that were recorded with.
    pub changed: bool,
    /// Some of these changes have no right signature.
    pub unknown: bool,
    /// Subjects of those who signed such a change.
    pub changers: BTreeSet<String>,
    /// Their certificates, each with the time of the change, UTC ns.
    pub changes: Vec<(Certificate, i64)>,
    /// A change of some session's recipients was interrupted.
    pub torn: bool,
    /// The first session that has two lists with one number.
    pub tied: Option<u32>,
    /// The first session whose certificates and messages do not belong together.
    pub inconsistent: Option<u32>,
    index: HashMap<[u8; 32], usize>,
    entries: usize,
    current: Option<KeySession>,
}

impl Sessions {
    /// A keys record.
    pub(super) fn keys(&mut self, k: &Keys) {
        self.close();
        self.count += 1;
        let content = k.current();
        let first_form = content.generation == 1 && matches!(k.slots(), [SlotState::Whole(_), SlotState::Empty]);
        let mut session = KeySession {
            number: k.session,
            first_epoch: k.first_epoch,
            since_ns: None,
            epochs: None,
            until_ns: None,
            written_ns: content.written_ns,
            generation: content.generation,
            torn: k.slots().contains(&&SlotState::Torn),
            tied: k.is_tied(),
            changed: !first_form,
            changed_by: None,
            changer: None,
            forged: content.changed_by.is_some(),
            messages: content.messages.len(),
            consistent: true,
            groups: content.groups.iter().map(|g| (g.k, g.shares.len() as u8)).collect(),
            holders: Vec::new(),
            left_out: Vec::new(),
            // what was parsed is written again as it was
            keys_hash: k.to_record().map(|r| sha256(&r)).unwrap_or_default(),
            signed: content.changed_by.is_some().then(|| Box::new(k.clone())),
        };
        for m in &content.messages {
            let certificates: Vec<_> = m.recipients.iter().map(|der| Certificate::from_der(der).ok()).collect();
            let known: Option<Vec<Certificate>> = certificates.iter().cloned().collect();
            session.consistent &= known.is_some_and(|c| check_message(&m.cms, &c).is_ok());
            for (der, certificate) in m.recipients.iter().zip(certificates) {
                match self.certificate(der, certificate) {
                    Some(certificate) => session.holders.push(Holder { certificate, holds: m.kind }),
                    None => self.unlisted += 1,
                }
            }
        }
        for l in &k.left_out {
            if self.room() {
                session.left_out.push(l.clone());
            } else {
                self.unlisted += 1;
            }
        }
        if !session.consistent {
            self.inconsistent.get_or_insert(k.session);
        }
        if session.tied {
            self.tied.get_or_insert(k.session);
        }
        self.changed |= session.changed;
        self.torn |= session.torn;
        self.current = Some(session);
    }

    /// A start record of the current session. `stream_hash` is H.
    pub(super) fn start(&mut self, s: &Start, stream_hash: &[u8; 32]) {
        let Some(session) = &mut self.current else { return };
        if session.epochs.is_none() {
            // the session before this one, if it found room
            if let Some(before) = self.list.last_mut().filter(|b| b.until_ns.is_none()) {
                before.until_ns = Some(s.wall_ns);
            }
        }
        session.epochs = Some((session.epochs.map_or(s.epoch, |(first, _)| first), s.epoch));
        session.since_ns.get_or_insert(s.wall_ns);
        session.changed |= s.keys_hash != session.keys_hash;
        self.changed |= session.changed;
        // the signature covers the list as it was when it was recorded, which only a start record knows
        if let Some(keys) = session.signed.take() {
            let signer = list_signed_by(&keys, stream_hash, &s.keys_hash);
            session.forged = signer.is_none();
            session.changed_by = signer.as_ref().map(|c| c.subject().to_owned());
            session.changer = signer;
        }
    }

    /// The current session is over.
    pub(super) fn close(&mut self) {
        if let Some(mut session) = self.current.take() {
            session.signed = None;
            if session.changed {
                let who = session.changed_by.clone();
                self.unknown |= who.is_none();
                self.changers.extend(who.filter(|_| self.changers.len() < MAX_CERTIFICATES));
                let change = session.changer.clone().map(|c| (c, session.written_ns));
                self.changes
                    .extend(change.filter(|c| self.changes.len() < MAX_CERTIFICATES && !self.changes.contains(c)));
            }
            if self.room() {
                self.list.push(session);
            } else {
                self.unlisted += 1;
            }
        }
    }

    fn certificate(&mut self, der: &[u8], certificate: Option<Certificate>) -> Option<usize> {
        let fingerprint = sha256(der);
        if !self.room() || (self.certificates.len() == MAX_CERTIFICATES && !self.index.contains_key(&fingerprint)) {
            return None;
        }
        Some(*self.index.entry(fingerprint).or_insert_with(|| {
            self.certificates.push(ListedCertificate { fingerprint, certificate });
            self.certificates.len() - 1
        }))
    }

    /// Whether one more entry is kept.
    fn room(&mut self) -> bool {
        self.entries += 1;
        self.entries <= MAX_ENTRIES
    }
}

/// The subject of a certificate as text, or that it cannot be read.
pub(super) fn subject(der: &[u8]) -> String {
    Certificate::from_der(der).map_or_else(|_| "a certificate that cannot be read".into(), |c| c.subject().to_owned())
}
