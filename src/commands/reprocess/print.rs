//! What a command without an input writes to stdout.

use std::io::{self, Write};

use anyhow::Context;

/// Writes all of `bytes` to stdout.
pub fn print(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).context("cannot write to stdout")
}
