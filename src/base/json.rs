//! JSON, one value a line.

use serde::Serialize;

use super::text::printable;

/// Any value as a line of JSON in which nothing steers a terminal.
pub fn line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        let mut utf8 = [0; 4];
        if c.is_ascii() || printable(c.encode_utf8(&mut utf8)).starts_with(c) {
            out.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out.push('\n');
    out
}
