//! Whether openssl could read a certificate. The parser that says what a certificate says is lenient; what is encrypted
//! to a certificate that others cannot read, others cannot read either: its issuer's name stands in the message.

use der::asn1::{AnyRef, BitStringRef, IntRef, ObjectIdentifier};
use der::{Decode, Reader, Sequence, SliceReader, Tag, Tagged};
use x509_cert::ext::Extension;
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::KeyError;

#[derive(Sequence)]
struct Strict<'a> {
    tbs: Tbs<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

/// TBSCertificate (RFC 5280, 4.1); the dates are checked where they are read.
#[derive(Sequence)]
struct Tbs<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    version: Option<IntRef<'a>>,
    serial: IntRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    issuer: Vec<AnyRef<'a>>,
    validity: Validity<'a>,
    subject: Vec<AnyRef<'a>>,
    public_key: SubjectPublicKeyInfoRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    issuer_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    subject_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Extension>>,
}

#[derive(Sequence)]
struct Validity<'a> {
    from: AnyRef<'a>,
    until: AnyRef<'a>,
}

/// AttributeTypeAndValue.
#[derive(Sequence)]
struct Part<'a> {
    kind: ObjectIdentifier,
    value: AnyRef<'a>,
}

/// What is wrong with a certificate that the lenient parser has read; `name` gives its names as they are shown.
pub(super) fn check(der: &[u8], names: impl FnOnce() -> String) -> Result<(), KeyError> {
    let strict = Strict::from_der(der).map_err(|_| KeyError::BadCertificate("it is not DER of X.509"))?;
    let Strict { tbs, algorithm, signature: _ } = &strict;
    if tbs.algorithm != *algorithm {
        return Err(KeyError::BadCertificate("it names two algorithms of its signature"));
    }
    let is_time = |time: &AnyRef<'_>| matches!(time.tag(), Tag::UtcTime | Tag::GeneralizedTime);
    if !is_time(&tbs.validity.from) || !is_time(&tbs.validity.until) {
        return Err(KeyError::BadCertificate("its dates are malformed"));
    }
    for set in tbs.issuer.iter().chain(&tbs.subject) {
        let parts = parts(set).map_err(|_| KeyError::BadCertificate("its names are malformed"))?;
        if !parts.iter().all(|part| is_text(&part.value)) {
            return Err(KeyError::BrokenName(names()));
        }
    }
    Ok(())
}

/// The parts of one set of a name; their order is as it is.
fn parts<'a>(set: &AnyRef<'a>) -> der::Result<Vec<Part<'a>>> {
    set.tag().assert_eq(Tag::Set)?;
    let mut reader = SliceReader::new(set.value())?;
    let mut parts = Vec::new();
    while !reader.is_finished() {
        parts.push(Part::decode(&mut reader)?);
    }
    Ok(parts)
}

/// Whether a value of a name is of one of the types that may stand there, and is what that type says.
fn is_text(value: &AnyRef<'_>) -> bool {
    let bytes = value.value();
    match value.tag() {
        Tag::Utf8String => std::str::from_utf8(bytes).is_ok(),
        Tag::NumericString | Tag::PrintableString | Tag::TeletexString | Tag::Ia5String => true,
        Tag::BmpString => characters(bytes),
        Tag::BitString => value.decode_as::<BitStringRef<'_>>().is_ok(),
        _ => false,
    }
}

fn characters(bytes: &[u8]) -> bool {
    let units = bytes.chunks_exact(2);
    let code = |unit: &[u8]| unit.iter().fold(0, |n, byte| n << 8 | u32::from(*byte));
    units.remainder().is_empty() && units.map(code).all(|code| char::from_u32(code).is_some())
}
