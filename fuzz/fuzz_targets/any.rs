//! The target that `VIDVEIL_FUZZ_TARGET` names, for libFuzzer.
#![no_main]

#[path = "../all.rs"]
mod all;
#[path = "../mutate/mod.rs"]
mod mutate;
#[path = "../seeds.rs"]
mod seeds;
#[path = "../targets/mod.rs"]
mod targets;

use std::sync::LazyLock;

use all::Target;
use mutate::Random;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("VIDVEIL_FUZZ_TARGET").expect("VIDVEIL_FUZZ_TARGET names a target");
    all::named(&name)
});

/// `VIDVEIL_FUZZ_MUTATOR=bytes` leaves all to libFuzzer, to compare.
static IS_PLAIN: LazyLock<bool> =
    LazyLock::new(|| std::env::var_os("VIDVEIL_FUZZ_MUTATOR").is_some_and(|m| m == "bytes"));

libfuzzer_sys::fuzz_target!(init: seeds::write_if_asked(TARGET.name), |bytes: &[u8]| (TARGET.run)(bytes));

libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random(u64::from(seed) << 1 | 1 << 40 | 1);
    if !*IS_PLAIN && random.below(4) != 0 {
        let new = (TARGET.mutator)(&bytes[..size], &mut random);
        if !new.is_empty() && new.len() <= max_size {
            bytes[..new.len()].copy_from_slice(&new);
            return new.len();
        }
    }
    libfuzzer_sys::fuzzer_mutate(bytes, size, max_size)
});
