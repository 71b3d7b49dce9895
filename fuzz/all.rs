//! Every target: its name, what is run, and who changes its inputs.

use super::mutate::{self, Mutator};
use super::targets;

pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    pub mutator: Mutator,
}

macro_rules! all {
    ($($name:ident: $mutator:ident,)*) => {
        /// In the order of their names.
        pub const ALL: &[Target] = &[
            $(Target { name: stringify!($name), run: targets::$name, mutator: mutate::$mutator },)*
        ];
    };
}

all! {
    agent: bytes,
    bonds: bytes,
    bundle: pem,
    card: bytes,
    certificate: der,
    child: messages,
    cms: der,
    container: container,
    demuxer: boxes,
    go_on: container,
    joins: two,
    key_file: der,
    lists: slots,
    manifest: bytes,
    opener: container,
    revocation_lists: der,
    revoked: bytes,
    rtsp: answers,
    run_state: bytes,
    scene: bytes,
    segment: container,
    sessions: bytes,
    verifier: container,
}

/// The target of this name.
pub fn named(name: &str) -> &'static Target {
    ALL.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("there is no target {name:?}"))
}
