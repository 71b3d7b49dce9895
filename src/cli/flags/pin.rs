//! The flags of where a PIN comes from.

use std::path::PathBuf;

use clap::Args;

/// Where the PIN of a card or a token comes from.
#[derive(Args, Clone, Debug, Default)]
pub struct PinFlags {
    /// Read the PIN from the first line of FILE, not from the terminal
    #[arg(long, value_name = "FILE", conflicts_with = "pin_fd")]
    pub pin_file: Option<PathBuf>,

    /// Read the PIN from the first line of the open descriptor N, 3 or more, not from the terminal
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(3..))]
    pub pin_fd: Option<u16>,
}

impl PinFlags {
    /// Whether the PIN comes from a person who sees the prompt, and not from a file or a descriptor.
    pub fn asks(&self) -> bool {
        self.pin_file.is_none() && self.pin_fd.is_none()
    }
}
