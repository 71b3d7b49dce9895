//! Text from outside, made safe for a terminal or a file name, and numbers as people read them.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// `outside` with control characters and what reorders or hides text escaped, so that a camera's name
/// or a certificate's subject cannot steer the terminal it is printed on.
pub fn printable(outside: &str) -> String {
    let mut safe = String::with_capacity(outside.len());
    for c in outside.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if (c as u32) < 0x80 && c.is_control() => drop(write!(safe, "\\x{:02x}", c as u32)),
            c if c.is_control() || is_invisible(c) => drop(write!(safe, "\\u{{{:x}}}", c as u32)),
            c => safe.push(c),
        }
    }
    safe
}

/// Marks that change the direction of text, join or hide it, or break lines.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `outside` in double quotes, made [`printable`]; quotes and backslashes in it are escaped.
pub fn quoted(outside: &str) -> String {
    format!("\"{}\"", printable(&outside.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A path as [`quoted`] shows it.
pub fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// The system's reason in our manner: lower case, without its number.
pub fn io_reason(error: &io::Error) -> String {
    let whole = error.to_string();
    let text = match error.raw_os_error() {
        Some(number) => whole.strip_suffix(&format!(" (os error {number})")).unwrap_or(&whole),
        None => return whole,
    };
    let mut chars = text.chars();
    match chars.next() {
        // An acronym at the start stays as it is.
        Some(first) if !chars.as_str().starts_with(|c: char| c.is_ascii_uppercase()) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

/// A number of bytes: `999 B`, `1.5 KiB`, `20.3 MiB`.
pub fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.95 and more would round to "1024.0".
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A length of time: `0.250 s`, `59.9 s`, `2 min 05 s`, `3 h 00 min 01 s`.
pub fn human_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.3} s", seconds as f64 + f64::from(duration.subsec_millis()) / 1e3),
        10..60 => format!("{seconds}.{} s", duration.subsec_millis() / 100),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min {:02} s", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

/// A time in nanoseconds since 1970-01-01 UTC as RFC 3339, as `2026-05-01T14:00:00.5Z`.
pub fn rfc3339(utc_ns: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(utc_ns.into())
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        // i64 nanoseconds span the years 1677 to 2262, which always have a text.
        .unwrap_or_else(|| format!("{utc_ns} ns"))
}

/// A time in seconds since 1970-01-01 UTC as RFC 3339, in the years 0 to 9999.
pub fn rfc3339_seconds(utc_s: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(utc_s).ok();
    time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_else(|| format!("{utc_s} s"))
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `outside` with every byte but `A-Z a-z 0-9 _ -` as `%XX`: safe as a part of a file name.
pub fn file_name_part(outside: &str) -> String {
    let mut safe = String::with_capacity(outside.len());
    for byte in outside.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            safe.push(byte as char);
        } else {
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

/// A length of time as a clock shows it: `00:01:19.5`.
pub fn clock_time(ns: u64) -> String {
    let (s, rest) = (ns / 1_000_000_000, ns % 1_000_000_000);
    let text = format!("{:02}:{:02}:{:02}.{rest:09}", s / 3600, s / 60 % 60, s % 60);
    // milliseconds are enough where they are exact enough
    let text = if rest % 1_000_000 == 0 { text.trim_end_matches('0') } else { &text[..text.len() - 6] };
    text.trim_end_matches('.').to_owned()
}

/// `1 epoch`, `2 epochs`.
pub fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_turns_text_is_shown() {
        assert_eq!(printable("gate\u{202e}4pm.\u{9b}2J\x07"), "gate\\u{202e}4pm.\\u{9b}2J\\x07");
        assert_eq!(printable("Zürich, 門"), "Zürich, 門");
        assert_eq!(quoted("a\"b\\n"), "\"a\\\"b\\\\n\"");
    }

    #[test]
    fn sizes_never_show_1024() {
        assert_eq!(human_size(1023), "1023 B");
        assert_eq!(human_size(1536), "1.5 KiB");
        assert_eq!(human_size(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(human_size(u64::MAX), "16.0 EiB");
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(human_duration(Duration::from_millis(250)), "0.250 s");
        assert_eq!(human_duration(Duration::from_millis(59_990)), "59.9 s");
        assert_eq!(human_duration(Duration::from_secs(125)), "2 min 05 s");
        assert_eq!(human_duration(Duration::from_secs(10_801)), "3 h 00 min 01 s");
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(rfc3339(1_777_644_000_500_000_000), "2026-05-01T14:00:00.5Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(i64::MIN), "1677-09-21T00:12:43.145224192Z");
    }

    #[test]
    fn times_as_a_clock_shows_them() {
        assert_eq!(clock_time(79_500_000_000), "00:01:19.5");
        assert_eq!(clock_time(3_600_000_000_000), "01:00:00");
        assert_eq!(clock_time(33_366_666), "00:00:00.033");
        assert_eq!(clock_time(10_000_000_000), "00:00:10");
    }
}
