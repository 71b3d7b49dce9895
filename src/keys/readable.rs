//! Text out of certificates as people may see it.

use super::limits::MAX_SUBJECT;

/// Escapes what a terminal would act on or show in another order; cuts at [`MAX_SUBJECT`] bytes.
pub(super) fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_SUBJECT));
    for c in text.chars() {
        let hidden =
            matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        let piece = if c.is_control() || hidden { c.escape_unicode().to_string() } else { c.to_string() };
        if out.len() + piece.len() > MAX_SUBJECT {
            break;
        }
        out.push_str(&piece);
    }
    out
}
