//! Values of flags: durations, sizes, times, ids.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// `1500ms`, `60s`, `10m`, `24h`, `7d`, or plain seconds; a fraction is allowed (`2.5s`).
///
/// Gives an error text for clap when it is none of them, or longer than 2^53 milliseconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err("the units are ms, s, m, h and d, as in 1500ms, 60s, 10m, 24h".into()),
    };
    let number: f64 = number.parse().map_err(|_| "give a number and a unit, as in 60s, 10m, 24h".to_owned())?;
    let milliseconds = (number * seconds * 1000.0).round();
    if milliseconds > (1u64 << 53) as f64 {
        return Err("that is longer than this command can count".into());
    }
    Ok(Duration::from_millis(milliseconds as u64))
}

/// As [`duration`], and more than nothing.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be more than nothing".into()),
        some => Ok(some),
    }
}

/// A number of bytes, plain or in `K`, `M`, `G`, `T` (powers of 1024; `KiB` and so on are the same).
pub fn size(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit {
        "" | "B" => 0,
        "K" | "KiB" => 10,
        "M" | "MiB" => 20,
        "G" | "GiB" => 30,
        "T" | "TiB" => 40,
        _ => return Err("the units are K, M, G and T, as in 64K, 16M, 2G".into()),
    };
    let number: u64 = number.parse().map_err(|_| "give a whole number, as in 64K, 16M, 2G".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "that is more bytes than can be counted".into())
}

/// A time with its zone (RFC 3339, `2026-05-01T14:00:00Z`) as nanoseconds since 1970-01-01 UTC.
pub fn rfc3339(text: &str) -> Result<i64, String> {
    let time = OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "give a time with its zone, as in 2026-05-01T14:00:00Z or 2026-05-01T16:00:00+02:00".to_owned())?;
    i64::try_from(time.unix_timestamp_nanos()).map_err(|_| "only years from 1678 to 2261 are supported".into())
}

/// Sixteen bytes as 32 hexadecimal digits.
pub fn id(text: &str) -> Result<[u8; 16], String> {
    let wrong = || "give 32 hexadecimal digits".to_owned();
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    u128::from_str_radix(text, 16).map(u128::to_be_bytes).map_err(|_| wrong())
}

/// Thirty-two bytes, as a SHA-256 value, as 64 hexadecimal digits.
pub fn hash(text: &str) -> Result<[u8; 32], String> {
    let wrong = || "give 64 hexadecimal digits".to_owned();
    let (first, second) = text.split_at_checked(32).ok_or_else(wrong)?;
    let mut bytes = [0; 32];
    for (half, digits) in bytes.chunks_exact_mut(16).zip([first, second]) {
        half.copy_from_slice(&id(digits).map_err(|_| wrong())?);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, milliseconds) in
            [("60s", 60_000), ("10m", 600_000), ("24h", 86_400_000), ("1500ms", 1500), ("2.5", 2500), ("0", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "1.2.3s", "1 s", "1w", "inf", "nan", "1e9s", "99999999999999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(positive_duration("0.0001s").is_err());
    }

    #[test]
    fn sizes() {
        assert_eq!(size("64K"), Ok(65_536));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("17179869184G").ok(), None);
        assert!(size("").is_err() && size("K").is_err() && size("-1").is_err() && size("1k").is_err());
    }

    #[test]
    fn a_hash_has_64_digits() {
        let text = crate::base::text::hex(&std::array::from_fn::<u8, 32, _>(|i| i as u8));
        assert_eq!(hash(&text), Ok(std::array::from_fn(|i| i as u8)));
        for wrong in ["", &text[1..], &format!("{text}0"), &text.replace('f', "g"), &"\u{e9}".repeat(32)] {
            assert!(hash(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_needs_its_zone() {
        assert_eq!(rfc3339("2026-05-01T16:00:00.5+02:00"), Ok(1_777_644_000_500_000_000));
        assert!(rfc3339("2026-05-01T16:00:00").is_err());
        assert!(rfc3339("9999-01-01T00:00:00Z").is_err());
    }

    #[test]
    fn ids() {
        assert_eq!(id("000102030405060708090a0B0c0d0e0f").map(|id| id[11]), Ok(11));
        assert!(id("+00102030405060708090a0b0c0d0e0f").is_err());
        assert!(id("00").is_err());
    }
}
