//! The content of a revocation list (RFC 5280, 5), out of its DER.

use std::collections::BTreeMap;
use std::sync::Mutex;

use der::asn1::{ObjectIdentifier, OctetStringRef, SequenceRef};
use der::{AnyRef, Decode, DecodeValue, Encode, Reader, Sequence, SliceReader, Tag, Tagged};
use x509_cert::ext::pkix::BaseCrlNumber;
use x509_cert::time::Time;
use x509_parser::prelude::{FromDer, X509Name};

use super::scope::Scope;
use crate::keys::name;
use crate::keys::readable::readable;
use crate::keys::signature_check::{Signed, SignedBytes};

const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const DELTA_CRL_INDICATOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
const REASON_CODE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
const CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");

/// TBSCertList (RFC 5280, 5.1.2).
#[derive(DecodeValue)]
struct ToBeSigned<'a> {
    version: Option<u8>,
    algorithm: AnyRef<'a>,
    issuer: AnyRef<'a>,
    this_update: Time,
    next_update: Option<Time>,
    revoked: Option<&'a SequenceRef>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<&'a SequenceRef>,
}

/// One of revokedCertificates.
#[derive(DecodeValue)]
struct RevokedCertificate<'a> {
    serial: AnyRef<'a>,
    date: Time,
    extensions: Option<&'a SequenceRef>,
}

#[derive(DecodeValue)]
struct Extension<'a> {
    oid: ObjectIdentifier,
    #[asn1(default = "bool::default")]
    critical: bool,
    value: &'a OctetStringRef,
}

impl<'a> Sequence<'a> for ToBeSigned<'a> {}
impl<'a> Sequence<'a> for RevokedCertificate<'a> {}
impl<'a> Sequence<'a> for Extension<'a> {}

/// What a list says of a certificate that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Since when, UTC nanoseconds since 1970.
    pub since_ns: i64,
    /// The reason's number (RFC 5280, 5.3.1): 1 and 2 are stolen keys, 6 is one on hold; 0 when none is given.
    pub reason: u8,
}

/// A list, parsed.
pub(super) struct Content {
    pub der: Vec<u8>,
    pub issuer_name: Vec<u8>,
    pub issuer: String,
    pub this_update_ns: i64,
    pub next_update_ns: Option<i64>,
    /// By serial number.
    pub entries: Vec<Entry>,
    pub is_delta: bool,
    pub scope: Scope,
    pub unusable: Option<&'static str>,
    /// What came out of the signature, by fingerprint of the issuer's certificate.
    pub checked: Mutex<BTreeMap<[u8; 32], Signed>>,
}

/// Where in the list a serial number is, and what is said of it.
pub(super) struct Entry {
    start: u32,
    length: u32,
    revoked: Revoked,
}

/// The reason in a delta that takes an entry back (RFC 5280, 5.3.1).
const REMOVED_FROM_LIST: u8 = 8;

const UNKNOWN: &str = "it has a critical extension that is not known";

impl Content {
    /// Takes one list as DER, with nothing after it; `None` for a malformed one.
    pub fn parse(der: &[u8]) -> Option<Self> {
        let signed = SignedBytes::of(der)?;
        let list = ToBeSigned::from_der(signed.content).ok()?;
        if list.version.is_some_and(|version| version > 1) || list.algorithm.to_der().ok()? != signed.algorithm {
            return None;
        }
        let issuer = list.issuer.to_der().ok()?;
        let mut content = Content {
            der: der.to_vec(),
            issuer_name: name::comparable(&issuer),
            issuer: X509Name::from_der(&issuer).map_or("?".into(), |(_, name)| readable(&name.to_string())),
            this_update_ns: nanoseconds(list.this_update),
            next_update_ns: list.next_update.map(nanoseconds),
            entries: Vec::new(),
            is_delta: false,
            scope: Scope::default(),
            unusable: None,
            checked: Mutex::default(),
        };
        let mut seen = Vec::new();
        each(list.extensions, |extension: Extension<'_>| {
            if seen.contains(&extension.oid) {
                return None;
            }
            seen.push(extension.oid);
            content.add_extension(&extension)
        })?;
        // entries after one that names another issuer are that one's
        let mut is_issuers = true;
        each(list.revoked, |entry: RevokedCertificate<'_>| {
            let mut reason = 0;
            each(entry.extensions, |extension: Extension<'_>| {
                match extension.oid {
                    REASON_CODE => reason = enumerated(extension.value.as_bytes())?,
                    CERTIFICATE_ISSUER => is_issuers = false,
                    _ if extension.critical => content.unusable = Some(UNKNOWN),
                    _ => {}
                }
                Some(())
            })?;
            if entry.serial.tag() != Tag::Integer || entry.serial.value().is_empty() {
                return None;
            }
            // what a delta takes back stays refused until the next whole list does so
            if is_issuers && reason != REMOVED_FROM_LIST {
                let revoked = Revoked { since_ns: nanoseconds(entry.date), reason };
                content.entries.push(Entry::new(der, number(entry.serial.value()), revoked)?);
            }
            Some(())
        })?;
        content.entries.sort_by(|a, b| part(der, a).cmp(part(der, b)));
        Some(content)
    }

    /// What the list says of the certificate of its issuer with this serial number.
    pub fn find(&self, serial: &[u8]) -> Option<Revoked> {
        let serial = number(serial);
        let at = self.entries.binary_search_by(|entry| part(&self.der, entry).cmp(serial)).ok()?;
        self.entries.get(at).map(|entry| entry.revoked)
    }

    fn add_extension(&mut self, extension: &Extension<'_>) -> Option<()> {
        let value = extension.value.as_bytes();
        match extension.oid {
            ISSUING_DISTRIBUTION_POINT => {
                let (scope, why) = Scope::of(value)?;
                self.scope = scope;
                self.unusable = self.unusable.or(why);
            }
            DELTA_CRL_INDICATOR => {
                BaseCrlNumber::from_der(value).ok()?;
                self.is_delta = true;
                self.unusable = self.unusable.or(Some("it is a delta, and the list that it changes is not there"));
            }
            AUTHORITY_KEY_IDENTIFIER => {}
            _ if extension.critical => self.unusable = Some(UNKNOWN),
            _ => {}
        }
        Some(())
    }
}

impl Entry {
    /// Of a serial number that stands in `der`.
    fn new(der: &[u8], serial: &[u8], revoked: Revoked) -> Option<Self> {
        let start = (serial.as_ptr() as usize).checked_sub(der.as_ptr() as usize)?;
        Some(Entry { start: u32::try_from(start).ok()?, length: u32::try_from(serial.len()).ok()?, revoked })
    }
}

fn part<'a>(der: &'a [u8], entry: &Entry) -> &'a [u8] {
    let (start, length) = (entry.start as usize, entry.length as usize);
    der.get(start..).and_then(|rest| rest.get(..length)).unwrap_or_default()
}

/// Every element of a SEQUENCE OF, which may be missing. `None` when one is malformed, or `take` says so.
fn each<'a, T: Decode<'a>>(sequence: Option<&'a SequenceRef>, mut take: impl FnMut(T) -> Option<()>) -> Option<()> {
    let mut reader = SliceReader::new(sequence.map_or(&[], SequenceRef::as_bytes)).ok()?;
    while !reader.is_finished() {
        take(T::decode(&mut reader).ok()?)?;
    }
    Some(())
}

/// An INTEGER's content without what does not change its value.
fn number(mut content: &[u8]) -> &[u8] {
    while let [0, second, ..] | [0xff, second, ..] = content {
        if (second & 0x80 == 0) != (content.first() == Some(&0)) {
            break;
        }
        content = content.get(1..).unwrap_or_default();
    }
    content
}

fn enumerated(der: &[u8]) -> Option<u8> {
    let value = AnyRef::from_der(der).ok().filter(|value| value.tag() == Tag::Enumerated)?;
    if let [reason] = value.value() { Some(*reason) } else { None }
}

fn nanoseconds(time: Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_nanos()).unwrap_or(i64::MAX)
}
