//! The one form in which an ECDSA signature is made and accepted.
//!
//! Where (r, s) is a right signature, so is (r, n - s), with n the order of the curve: anybody can turn one into the
//! other without the key. Two forms of one signature would let a record change without being forged, so only the one
//! with the smaller s counts.

/// The order of P-256.
pub(super) const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// The order of P-384.
pub(super) const P384_ORDER: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0,
    0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

/// Whether `signature`, r and s as long as `order`, has the smaller s.
pub(super) fn has_low_s(order: &[u8], signature: &[u8]) -> bool {
    signature.get(order.len()..).is_some_and(|s| negated(s, order).is_some_and(|other| s <= other.as_slice()))
}

/// Gives `signature`, r and s as long as `order`, the smaller s.
pub(super) fn lower_s(order: &[u8], signature: &mut [u8]) {
    let Some(s) = signature.get_mut(order.len()..) else { return };
    if let Some(other) = negated(s, order).filter(|other| other.as_slice() < &*s) {
        s.copy_from_slice(&other);
    }
}

/// n - s, big-endian; `None` when s is not as long as n, or larger.
fn negated(s: &[u8], order: &[u8]) -> Option<Vec<u8>> {
    if s.len() != order.len() {
        return None;
    }
    let mut difference = vec![0; s.len()];
    let mut borrow = false;
    for ((d, n), s) in difference.iter_mut().zip(order).zip(s).rev() {
        let (without, under) = n.overflowing_sub(*s);
        let (all, under_again) = without.overflowing_sub(u8::from(borrow));
        (*d, borrow) = (all, under || under_again);
    }
    (!borrow).then_some(difference)
}
