//! Flags of the commands that open streams.

use clap::Args;

use crate::base::Report;
use crate::cli::secrets::{SignerFlags, accepted_signers};
use crate::playback::SourceOptions;

/// What a reader insists on.
#[derive(Args, Clone, Debug, Default)]
pub struct SourceFlags {
    /// Accept a stream that is not sealed although a key was given
    ///
    /// Without it such a stream is refused, so that nobody swaps a sealed stream for a plain one unseen.
    #[arg(long)]
    pub plain_ok: bool,

    /// Exit with 3 when the input is an excerpt of a stream, not all of it
    #[arg(long)]
    pub require_complete: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub signers: SignerFlags,
}

impl SourceFlags {
    /// Reads the certificates of the accepted signers.
    ///
    /// # Errors
    ///
    /// As [`accepted_signers`].
    pub fn options(&self, report: &Report) -> anyhow::Result<SourceOptions> {
        Ok(SourceOptions {
            plain_ok: self.plain_ok,
            require_complete: self.require_complete,
            accepted: accepted_signers(&self.signers, report)?,
        })
    }
}
