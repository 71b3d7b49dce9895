//! What a case is, and the list of all of them.

use super::build::Build;
use super::*;

pub struct Case {
    pub name: &'static str,
    pub expect: &'static str,
    /// A key in `testdata/certs`, or none.
    pub identity: &'static str,
    pub comment: &'static str,
    pub build: fn(&mut Build),
}

pub fn plain(name: &'static str, expect: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    Case { name, expect, identity: "none", comment, build }
}

pub fn sealed(name: &'static str, expect: &'static str, comment: &'static str, build: fn(&mut Build)) -> Case {
    Case { name, expect, identity: "p256", comment, build }
}

pub fn all() -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(case_success::cases());
    all.extend(case_slots::cases());
    all.extend(case_ends::cases());
    all.extend(case_header::cases());
    all.extend(case_order::cases());
    all.extend(case_plain::cases());
    all.extend(case_keys::cases());
    all.extend(case_bonds::cases());
    all.extend(case_sealed::cases());
    all
}
