//! What `enroll-cert` does beside making keys.

mod card;
mod check;
mod on_card;
mod remove;
mod take;

pub use card::{FromCard, from_card, list_cards};
pub use check::{Check, check};
pub use on_card::{ManagementFlags, OnCard, generate_on_card};
pub use remove::remove;
pub use take::{Take, take};

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::keys::Certificate;

use crate::base::text;
use crate::storage::{AtomicFile, Existing};

const DAY_NS: i64 = 86_400_000_000_000;

/// Who a certificate is for, its kind of key, validity and fingerprint, as one line.
pub fn description(c: &Certificate, now_ns: i64) -> String {
    let days = match days(c, now_ns) {
        _ if now_ns < c.not_before_ns() => "not valid yet".to_owned(),
        days @ ..0 => format!("{} days ago", -days),
        days => format!("{days} days left"),
    };
    format!(
        "{}, {}, from {} to {} ({days}), SHA-256 {}",
        text::printable(c.subject()),
        c.key_type(),
        text::rfc3339(c.not_before_ns()),
        text::rfc3339(c.not_after_ns()),
        text::hex(&c.fingerprint())
    )
}

/// Whole days from `now_ns` to the certificate's end, rounded down: negative as soon as it is over.
fn days(c: &Certificate, now_ns: i64) -> i64 {
    c.not_after_ns().saturating_sub(now_ns).div_euclid(DAY_NS)
}

/// Creates a certificate's file; the folder of the recipients may be made by its first certificate.
///
/// # Errors
///
/// As [`AtomicFile::create`]; the folder cannot be made (1).
pub fn create_with_folder(path: &Path, existing: Existing) -> anyhow::Result<AtomicFile> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", text::quoted_path(folder)))?;
    }
    Ok(AtomicFile::create(path, 0o666, existing, None)?)
}
