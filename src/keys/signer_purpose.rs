//! The extended key usage by which an authority says that a certificate is for signing streams.
//!
//! It is a random UUID under the arc that Microsoft gives away for such numbers. The arc 2.25 has UUIDs as one number
//! of 128 bits, which authorities written in Go cannot put into a certificate, nor read.

/// In dotted form.
pub const SIGNER_PURPOSE: &str = "1.2.840.113556.1.8000.2554.58383.6542.64955.17999.42490.7700348.2513773";

/// The numbers of [`SIGNER_PURPOSE`].
pub(super) const SIGNER_PURPOSE_ARCS: [u64; 14] =
    [1, 2, 840, 113_556, 1, 8000, 2554, 58_383, 6542, 64_955, 17_999, 42_490, 7_700_348, 2_513_773];

/// The contents of its OBJECT IDENTIFIER.
pub(super) const SIGNER_PURPOSE_DER: [u8; 33] = [
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x01, 0xbe, 0x40, 0x93, 0x7a, 0x83, 0xc8, 0x0f, 0xb3, 0x0e, 0x83, 0xfb, 0x3b,
    0x81, 0x8c, 0x4f, 0x82, 0xcb, 0x7a, 0x83, 0xd5, 0xfe, 0x7c, 0x81, 0x99, 0xb6, 0x6d,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_of_one_number() {
        let oid = der::asn1::ObjectIdentifier::new(SIGNER_PURPOSE).unwrap();
        assert_eq!(oid.as_bytes(), SIGNER_PURPOSE_DER);
        assert_eq!(oid.arcs().map(u64::from).collect::<Vec<_>>(), SIGNER_PURPOSE_ARCS);
    }
}
