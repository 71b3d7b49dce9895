//! What one certificate says (X.509, RFC 5280).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use cms::cert::IssuerAndSerialNumber;
use der::{Any, Decode, Encode, Tag};
use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

use crate::base::{lock, text};

use super::signature_check::{Signed, SignedBytes};
use super::signer_purpose::SIGNER_PURPOSE_DER;
use super::{KeyError, KeyType, PublicKey, name, name_text, strict};

pub use super::limits::{MAX_CERTIFICATE, MAX_SUBJECT};

/// A parsed certificate. Nothing is checked but its form: see [`usability`](Self::usability).
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    common_name: Option<String>,
    /// The common name where there is one alone, and it does not look like a subject.
    sole_name: Option<String>,
    issuer: String,
    subject_name: Vec<u8>,
    issuer_name: Vec<u8>,
    serial: Vec<u8>,
    signed_hash: [u8; 32],
    /// Seconds since 1970: the years 0 to 9999 do not all fit into nanoseconds.
    validity: [i64; 2],
    public_key: PublicKey,
    fingerprint: [u8; 32],
    id: IssuerAndSerialNumber,
    pub(super) constraints: Constraints,
    /// What came out of its signature, by fingerprint of the issuer's certificate. Clones share it.
    issuances: Arc<Mutex<BTreeMap<[u8; 32], Signed>>>,
}

/// What a certificate says about its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Constraints {
    pub is_ca: bool,
    /// It may issue certificates, if it is an authority at all: by its basic constraints and key usage, or as old
    /// self-signed ones that say nothing.
    pub may_issue: bool,
    pub is_self_issued: bool,
    /// `None` when the certificate says nothing.
    pub key_usage: Option<KeyUsage>,
    /// Its extended key usage is that of a signer of streams.
    pub is_for_streams: bool,
}

/// The bits of the key usage extension (RFC 5280, 4.2.1.3) that matter to a recipient and to a signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyUsage {
    pub key_encipherment: bool,
    pub key_agreement: bool,
    pub digital_signature: bool,
    pub crl_sign: bool,
}

impl Certificate {
    /// Takes one certificate as DER, with nothing after it. Errors: longer than [`MAX_CERTIFICATE`], malformed.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        if der.len() > MAX_CERTIFICATE {
            return Err(KeyError::TooLarge { what: "certificate, in bytes", limit: MAX_CERTIFICATE });
        }
        let (rest, parsed) =
            X509Certificate::from_der(der).map_err(|_| KeyError::BadCertificate("it is not DER of X.509"))?;
        if !rest.is_empty() {
            return Err(KeyError::BadCertificate("bytes follow it"));
        }
        let (subject_text, issuer_text) = (name_text::text(parsed.subject()), name_text::text(parsed.issuer()));
        strict::check(der, || match subject_text == issuer_text {
            true => subject_text.clone(),
            false => format!("{subject_text}, issued by {issuer_text}"),
        })?;
        let (subject_name, issuer_name) =
            (name::comparable(parsed.subject().as_raw()), name::comparable(parsed.issuer().as_raw()));
        let basic = parsed
            .basic_constraints()
            .map_err(|_| KeyError::BadCertificate("its basic constraints are malformed"))?
            .map(|extension| extension.value.ca);
        let usage = parsed.key_usage().map_err(|_| KeyError::BadCertificate("its key usage is malformed"))?;
        let is_self_issued = subject_name == issuer_name;
        let constraints = Constraints {
            is_ca: basic == Some(true),
            may_issue: match (basic, &usage) {
                (Some(is_ca), usage) => is_ca && usage.as_ref().is_none_or(|u| u.value.key_cert_sign()),
                (None, Some(usage)) => usage.value.key_cert_sign(),
                (None, None) => is_self_issued && parsed.version() == X509Version::V1,
            },
            is_self_issued,
            key_usage: usage.map(|extension| KeyUsage {
                key_encipherment: extension.value.key_encipherment(),
                // A key that may only encipher in an agreement cannot open what was agreed on.
                key_agreement: extension.value.key_agreement() && !extension.value.encipher_only(),
                digital_signature: extension.value.digital_signature() || extension.value.non_repudiation(),
                crl_sign: extension.value.crl_sign(),
            }),
            // one that is malformed gives no right
            is_for_streams: parsed.extended_key_usage().is_ok_and(|extension| {
                extension.is_some_and(|e| e.value.other.iter().any(|oid| oid.as_bytes() == SIGNER_PURPOSE_DER))
            }),
        };
        let mut subject = subject_text;
        if subject.is_empty() {
            subject = format!("serial {}", hex(parsed.raw_serial()));
        }
        Ok(Certificate {
            subject,
            common_name: name_text::common_name(parsed.subject()),
            sole_name: name_text::sole_common_name(parsed.subject()),
            issuer: issuer_text,
            subject_name,
            issuer_name,
            serial: parsed.raw_serial().to_vec(),
            signed_hash: sha256(parsed.tbs_certificate.as_ref()),
            validity: [parsed.validity().not_before.timestamp(), parsed.validity().not_after.timestamp()],
            public_key: PublicKey::from_spki(parsed.public_key().raw)?,
            fingerprint: sha256(der),
            id: issuer_and_serial(&parsed)?,
            constraints,
            issuances: Arc::default(),
            der: der.to_vec(),
        })
    }

    /// The certificate's bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as PEM (RFC 7468).
    pub fn to_pem(&self) -> String {
        use der::pem::{LineEnding, encode_string};
        // Fails only where the length overflows, and certificates are bounded.
        encode_string("CERTIFICATE", LineEnding::LF, &self.der).unwrap_or_default()
    }

    /// The subject's distinguished name for people, as "CN=desk 1, O=police": control characters are escaped; at most
    /// [`MAX_SUBJECT`] bytes. A certificate without one is called by its serial number.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The subject's common name, escaped like the subject; without one, the whole subject.
    pub fn common_name(&self) -> &str {
        self.common_name.as_deref().unwrap_or(&self.subject)
    }

    /// Whether somebody who trusts its authority means it by this name: the whole subject as [`subject`](Self::subject)
    /// gives it, or the common name. Where there are several of those, none of them is the name; one that looks like a
    /// subject is no name, either: it might be another certificate's.
    pub(super) fn is_called(&self, name: &str) -> bool {
        name == self.subject || self.sole_name.as_deref() == Some(name)
    }

    /// The issuer's distinguished name for people, as [`subject`](Self::subject).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The serial number: lower-case hexadecimal digits, two for each byte.
    pub fn serial_hex(&self) -> String {
        hex(&self.serial)
    }

    /// The serial number's octets as they stand in the certificate (an INTEGER's contents).
    pub(super) fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The subject's name, to be compared (see [`name`]).
    pub(super) fn subject_name(&self) -> &[u8] {
        &self.subject_name
    }

    /// The issuer's name, to be compared.
    pub(super) fn issuer_name(&self) -> &[u8] {
        &self.issuer_name
    }

    /// SHA-256 of what the issuer signed. Unlike the fingerprint, it stays the same when somebody writes the signature
    /// in another way.
    pub fn signed_hash(&self) -> [u8; 32] {
        self.signed_hash
    }

    /// Whether it says that it is a certification authority.
    pub fn is_ca(&self) -> bool {
        self.constraints.is_ca
    }

    /// Whether its extended key usage says, by [`SIGNER_PURPOSE`](super::SIGNER_PURPOSE), that it signs streams.
    pub fn is_for_streams(&self) -> bool {
        self.constraints.is_for_streams
    }

    /// The kind of public key.
    pub fn key_type(&self) -> &KeyType {
        self.public_key.key_type()
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// DER of the SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        self.public_key.spki()
    }

    /// First instant of validity, UTC nanoseconds since 1970 (clamped to what fits).
    pub fn not_before_ns(&self) -> i64 {
        nanoseconds(self.validity[0])
    }

    /// The same as RFC 3339, whatever the year.
    pub fn not_before_text(&self) -> String {
        text::rfc3339_seconds(self.validity[0])
    }

    /// Last instant of validity, UTC nanoseconds since 1970 (clamped to what fits).
    pub fn not_after_ns(&self) -> i64 {
        nanoseconds(self.validity[1])
    }

    /// The same as RFC 3339, whatever the year.
    pub fn not_after_text(&self) -> String {
        text::rfc3339_seconds(self.validity[1])
    }

    /// SHA-256 of the certificate's bytes.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Issuer and serial number: how a CMS message names its recipient (RFC 5652, 10.2.4).
    pub(super) fn id(&self) -> &IssuerAndSerialNumber {
        &self.id
    }

    /// Whether this certificate's key signed the other one, which names it as its issuer. A signature of an algorithm
    /// that is not known here counts as right.
    pub(super) fn issued(&self, other: &Certificate) -> bool {
        self.issuance(other).is_some_and(|signed| signed != Signed::Wrong)
    }

    /// Whether it is the issuer of the other one: name and signature say so.
    pub fn is_issuer_of(&self, other: &Certificate) -> bool {
        self.issuance(other) == Some(Signed::Right)
    }

    /// Whether this certificate's key signed the other one; `None` when that one names another issuer.
    pub(super) fn issuance(&self, other: &Certificate) -> Option<Signed> {
        if self.subject_name != other.issuer_name {
            return None;
        }
        if let Some(known) = lock(&other.issuances).get(&self.fingerprint) {
            return Some(known.clone());
        }
        let signed = SignedBytes::of(&other.der).map_or(Signed::Wrong, |bytes| bytes.signed_by(&self.public_key));
        lock(&other.issuances).insert(self.fingerprint, signed.clone());
        Some(signed)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject)
            .field("serial", &self.serial_hex())
            .field("key_type", self.key_type())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}
impl Eq for Certificate {}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    out
}

fn issuer_and_serial(parsed: &X509Certificate<'_>) -> Result<IssuerAndSerialNumber, KeyError> {
    let bad = |_| KeyError::BadCertificate("its issuer or serial number is not DER");
    let issuer = x509_cert::name::Name::from_der(parsed.issuer().as_raw()).map_err(bad)?;
    // The bytes as they stand: some authorities made negative numbers.
    let serial_number = Any::new(Tag::Integer, parsed.raw_serial()).and_then(|any| any.decode_as()).map_err(bad)?;
    let id = IssuerAndSerialNumber { issuer, serial_number };
    // The name must come out as it came in, or no other program would find its RecipientInfo.
    if id.issuer.to_der().map_err(bad)? == parsed.issuer().as_raw() {
        Ok(id)
    } else {
        Err(KeyError::BadCertificate("its issuer is not DER"))
    }
}

/// Seconds to nanoseconds, clamped; never the container's "unknown", i64::MIN.
fn nanoseconds(seconds: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).max(i64::MIN + 1)
}
