//! Data objects of a PIV card, as GET DATA gives them.

use std::io::Read;

use flate2::read::GzDecoder;

use super::tlv;
use crate::keys::Certificate;
use crate::keys::certificate::MAX_CERTIFICATE;

/// The tag of the object with the number of retired keys.
pub const KEY_HISTORY: [u8; 3] = [0x5f, 0xc1, 0x0c];

/// A data object's content.
const OBJECT: u32 = 0x53;
const CERTIFICATE: u32 = 0x70;
const CERTIFICATE_INFO: u32 = 0x71;
/// The bit of the certificate's information that says gzip.
const COMPRESSED: u8 = 1;
const KEYS_WITH_ON_CARD_CERTIFICATES: u32 = 0xc1;

/// The certificate in a certificate object (SP 800-73-4, part 1, table 10), unpacked where it is gzip (RFC 1952);
/// `None` where the object is there and empty, as tools leave it that delete a certificate.
///
/// Errors: neither of that, in words; more than [`MAX_CERTIFICATE`] bytes.
pub fn certificate(object: &[u8]) -> Result<Option<Certificate>, String> {
    let content = match tlv::find(OBJECT, object) {
        Some(content) => content,
        None if object.is_empty() => return Ok(None),
        None => return Err("it is not a data object".into()),
    };
    if content.is_empty() {
        return Ok(None);
    }
    let bytes = tlv::find(CERTIFICATE, content).ok_or("there is no certificate in it")?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let info = tlv::find(CERTIFICATE_INFO, content).and_then(|info| info.first()).copied().unwrap_or(0);
    let unpacked = match info & COMPRESSED {
        0 => Certificate::from_der(bytes),
        _ => Certificate::from_der(&unpack(bytes)?),
    };
    unpacked.map(Some).map_err(|e| e.to_string())
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    // one byte more shows that it is too long
    let limit = MAX_CERTIFICATE as u64 + 1;
    GzDecoder::new(packed).take(limit).read_to_end(&mut out).map_err(|_| "its compression is damaged")?;
    match out.len() {
        0..=MAX_CERTIFICATE => Ok(out),
        _ => Err(format!("it is longer than {MAX_CERTIFICATE} bytes")),
    }
}

/// How many retired keys have their certificate on the card, by its key history object (SP 800-73-4, part 1, table 30);
/// `None` when it does not say, or says more than there are slots.
pub fn retired_certificates(object: &[u8]) -> Option<usize> {
    let history = tlv::find(OBJECT, object)?;
    match tlv::find(KEYS_WITH_ON_CARD_CERTIFICATES, history)? {
        [count] => Some(usize::from(*count)).filter(|count| *count <= super::Slot::retired().count()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(certificate: &[u8], info: u8) -> Vec<u8> {
        let inner = [&tlv::element(0x70, certificate)[..], &[0x71, 1, info, 0xfe, 0]].concat();
        tlv::element(0x53, &inner).to_vec()
    }

    #[test]
    fn an_empty_object_is_an_empty_slot_and_a_corrupt_one_is_reported() {
        for empty in [&[][..], &[0x53, 0], &object(&[], 0)] {
            assert_eq!(certificate(empty), Ok(None));
        }
        for corrupt in [&[0x53, 5, 0x70][..], &[0x53, 2, 0x71, 0], &object(b"nonsense", 0), &object(b"nonsense", 1)] {
            assert!(certificate(corrupt).is_err(), "{corrupt:?}");
        }
    }

    #[test]
    fn a_small_object_cannot_unpack_into_a_large_one() {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![0; 8 << 20]).unwrap();
        let packed = packer.finish().unwrap();
        assert!(certificate(&object(&packed, 1)).unwrap_err().contains("longer"));
    }

    #[test]
    fn the_key_history_says_how_many() {
        assert_eq!(retired_certificates(&[0x53, 8, 0xc1, 1, 3, 0xc2, 1, 0, 0xfe, 0]), Some(3));
        for wrong in [&[][..], &[0x53, 0], &[0x53, 3, 0xc1, 1, 21], &[0x53, 4, 0xc1, 2, 0, 1]] {
            assert_eq!(retired_certificates(wrong), None);
        }
    }
}
