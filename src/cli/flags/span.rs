//! `--from` and `--to` together.

use crate::cli::Failure;
use crate::playback::{Moment, Span};

/// From one moment to another.
///
/// # Errors
///
/// The second is not after the first (2): nothing lies between them, and exchanged they mean something else.
pub fn span(from: Option<Moment>, to: Option<Moment>) -> Result<Span, Failure> {
    let reversed = match (from, to) {
        (Some(Moment::SinceBeginning(from)), Some(Moment::SinceBeginning(to)))
        | (Some(Moment::Utc(from)), Some(Moment::Utc(to))) => from >= to,
        // which is earlier is known when the first picture is
        _ => false,
    };
    if reversed {
        return Err(Failure::usage("--to is not after --from: there is nothing between them")
            .hint("--from TIME is the beginning, --to TIME the end"));
    }
    Ok(Span { from, to })
}
