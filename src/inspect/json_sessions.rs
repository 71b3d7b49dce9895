//! Key sessions and recipients as JSON.

use serde::Serialize;

use crate::base::text::{hex, rfc3339};
use crate::format::{LeftOut as Left, MessageKind};
use crate::keys::Unusable;

use super::access::Access;
use super::sessions::{KeySession, ListedCertificate};
use super::survey::Survey;

/// A certificate.
#[derive(Serialize)]
pub(super) struct Recipient<'a> {
    sha256: String,
    subject: Option<&'a str>,
    issuer: Option<&'a str>,
    serial: Option<String>,
    key_type: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
    validity: Option<&'static str>,
}

/// A key session.
#[derive(Serialize)]
pub(super) struct Session<'a> {
    session: u32,
    first_epoch: u64,
    since: Option<String>,
    messages: usize,
    list: &'static str,
    bond: Option<&'static str>,
    recipients: Vec<Holder>,
    groups: Vec<Group>,
    left_out: Vec<LeftOut<'a>>,
    generation: u64,
    written: String,
    recipients_changed: bool,
    changed_by: Option<&'a str>,
    torn: bool,
    tied: bool,
    consistent: bool,
}

/// What a certificate can open.
#[derive(Serialize)]
pub(super) struct JsonAccess<'a> {
    sha256: String,
    subject: Option<&'a str>,
    share: bool,
    first_epoch: u64,
    last_epoch: u64,
    from: String,
    until: Option<String>,
}

#[derive(Serialize)]
struct Holder {
    sha256: String,
    share: Option<Share>,
}

#[derive(Serialize)]
struct Share {
    group: u8,
    x: u8,
}

#[derive(Serialize)]
struct Group {
    k: u8,
    n: u8,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    name: &'a str,
    reason: String,
    sha256: String,
    not_after: Option<String>,
}

/// What a certificate says.
pub(super) fn recipient(p: &ListedCertificate, now_ns: i64) -> Recipient<'_> {
    let c = p.certificate.as_ref();
    Recipient {
        sha256: hex(&p.fingerprint),
        subject: c.map(|c| c.subject()),
        issuer: c.map(|c| c.issuer()),
        serial: c.map(|c| c.serial_hex()),
        key_type: c.map(|c| c.key_type().to_string()),
        not_before: c.map(|c| c.not_before_text()),
        not_after: c.map(|c| c.not_after_text()),
        validity: p.validity(now_ns),
    }
}

/// From when to when a certificate opens.
pub(super) fn json_access<'a>(s: &'a Survey, r: &Access) -> JsonAccess<'a> {
    let listed = s.sessions.certificates.get(r.certificate);
    JsonAccess {
        sha256: listed.map(|c| hex(&c.fingerprint)).unwrap_or_default(),
        subject: listed.and_then(|c| c.certificate.as_ref()).map(|c| c.subject()),
        share: r.share,
        first_epoch: r.epochs.0,
        last_epoch: r.epochs.1,
        from: rfc3339(r.from_ns),
        until: r.until_ns.map(rfc3339),
    }
}

/// What a keys record says.
pub(super) fn session<'a>(s: &Survey, k: &'a KeySession) -> Session<'a> {
    let holders = k.holders.iter().map(|h| Holder {
        sha256: s.sessions.certificates.get(h.certificate).map(|c| hex(&c.fingerprint)).unwrap_or_default(),
        share: match h.holds {
            MessageKind::Secret => None,
            MessageKind::Share { group, x } => Some(Share { group, x }),
        },
    });
    Session {
        session: k.number,
        first_epoch: k.first_epoch,
        since: k.since_ns.map(rfc3339),
        messages: k.messages,
        // nothing is opened here
        list: "claimed",
        bond: (k.number > 0).then_some("claimed"),
        recipients: holders.collect(),
        groups: k.groups.iter().map(|&(k, n)| Group { k, n }).collect(),
        left_out: k.left_out.iter().map(left_out).collect(),
        generation: k.generation,
        written: rfc3339(k.written_ns),
        recipients_changed: k.changed,
        changed_by: k.changed_by.as_deref(),
        torn: k.torn,
        tied: k.tied,
        consistent: k.consistent,
    }
}

fn left_out(l: &Left) -> LeftOut<'_> {
    LeftOut {
        name: &l.name,
        reason: Unusable::from_code(l.reason).map_or_else(|| l.reason.to_string(), |u| u.to_string()),
        sha256: hex(&l.fingerprint),
        not_after: l.not_after_ns.map(rfc3339),
    }
}
