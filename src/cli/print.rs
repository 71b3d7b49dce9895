//! Text for stdout.

use std::io::{self, Write};

/// Writes `text` to stdout at once.
///
/// # Errors
///
/// Stdout does not take it.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}
