//! The flags of every command.

use clap::Args;

use crate::cli::ProgressWhen;

/// How talkative the command is.
#[derive(Args, Clone, Debug, Default)]
pub struct CommonFlags {
    /// Print only warnings and errors
    #[arg(short, long)]
    pub quiet: bool,

    /// Show progress on the terminal
    ///
    /// "auto" shows it when stderr is a terminal, the input is a file and the work takes more than a
    /// second: in a pipeline that is the first command. "always" shows it for a pipe, too, and prints
    /// lines where there is no terminal.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub progress: ProgressWhen,
}

/// Text for people or for machines.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct JsonFlags {
    /// Write JSON
    #[arg(long)]
    pub json: bool,
}
