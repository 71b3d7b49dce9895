//! Text for stdout.

use std::io::Write;

use crate::storage::open_stdout;

/// Writes `text` to stdout at once.
///
/// # Errors
///
/// Stdout is closed, or does not take it.
pub fn print(text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    Ok(open_stdout()?.write_all(text.as_ref())?)
}
