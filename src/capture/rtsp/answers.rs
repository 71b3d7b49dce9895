//! Headers of answers, read as they come (RFC 2326, 12.32, 12.33, 12.37, 12.39).

use url::Url;

use super::message::TextMessage;

/// Seconds for which a session lives unless the camera names others (RFC 2326, 12.37), and the fewest that are
/// believed.
const TIMEOUT: u32 = 60;
const LEAST_TIMEOUT: u32 = 4;

/// Id and seconds of the header Session.
pub(super) fn session(answer: &TextMessage) -> (Option<String>, u32) {
    let mut parts = answer.value("Session").unwrap_or_default().split(';').map(str::trim);
    let id = parts.next().filter(|id| !id.is_empty()).map(str::to_owned);
    let seconds = parts.find_map(|part| value(part, "timeout")?.parse::<u32>().ok()).filter(|seconds| *seconds > 0);
    (id, seconds.map_or(TIMEOUT, |seconds| seconds.max(LEAST_TIMEOUT)))
}

/// The channels of the header Transport, of a request or of an answer.
pub(super) fn channels(message: &TextMessage) -> Option<(u8, u8)> {
    let transport = message.value("Transport")?;
    let both = transport.split([';', ',']).find_map(|part| value(part, "interleaved"))?;
    let (packets, reports) = both.split_once('-').unwrap_or((both, ""));
    let packets: u8 = packets.trim().parse().ok()?;
    Some((packets, reports.trim().parse().unwrap_or(packets.saturating_add(1))))
}

/// Whether the camera means to send datagrams.
pub(super) fn is_datagrams(answer: &TextMessage) -> bool {
    let transport = answer.value("Transport").unwrap_or_default().to_ascii_lowercase();
    transport.contains("server_port") && !transport.contains("interleaved") && !transport.contains("/tcp")
}

/// The address that the addresses of a description are relative to; `asked` is the one that was asked.
pub(super) fn base(answer: &TextMessage, asked: &str) -> String {
    let names = ["Content-Base", "Content-Location"];
    let named = names.iter().find_map(|name| answer.value(name)).map(str::trim).filter(|base| !base.is_empty());
    let Some(named) = named else { return asked.to_owned() };
    let is_address = |text: &str| Url::parse(text).is_ok_and(|url| url.has_host());
    let scheme = asked.split("://").next().unwrap_or("rtsp");
    if is_address(named) {
        return named.to_owned();
    }
    if named.starts_with('/') {
        return Url::parse(asked).and_then(|url| url.join(named)).map_or(asked.to_owned(), |url| url.to_string());
    }
    let whole = format!("{scheme}://{named}");
    if is_address(&whole) { whole } else { asked.to_owned() }
}

/// A stream's address: what every client makes of its part of it, whatever RFC 1808 says.
pub(super) fn join(base: &str, control: &str) -> String {
    if control == "*" || control.is_empty() {
        return base.to_owned();
    }
    if Url::parse(control).is_ok_and(|url| url.has_host()) {
        return control.to_owned();
    }
    let between = if base.ends_with('/') || control.starts_with(['/', '?']) { "" } else { "/" };
    let base = if control.starts_with('/') { base.trim_end_matches('/') } else { base };
    format!("{base}{between}{control}")
}

/// The times of the header RTP-Info by the addresses there; the numbers next to them are of no use, and often wrong.
pub(super) fn first_times(answer: &TextMessage) -> Vec<(String, u32)> {
    let mut times = Vec::new();
    for one in answer.values("RTP-Info").flat_map(|line| line.split(',')) {
        let parts = || one.split(';').map(str::trim);
        let time = parts().find_map(|part| value(part, "rtptime")?.parse::<u32>().ok());
        let address = parts().find_map(|part| value(part, "url")).unwrap_or_default();
        times.extend(time.map(|time| (address.trim_matches('"').to_owned(), time)));
    }
    times
}

/// The value of "NAME=VALUE".
fn value<'a>(part: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = part.trim().split_once('=')?;
    found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, text: &str) -> TextMessage {
        let mut message = TextMessage::new("RTSP/1.0 200 OK".to_owned());
        message.set(name, text);
        message
    }

    #[test]
    fn sessions_and_channels_are_read_as_they_come() {
        for (text, id, seconds) in [
            ("7", Some("7"), 60),
            ("7;timeout=30", Some("7"), 30),
            (" 7 ; Timeout = 30 ; x", Some("7"), 30),
            ("7;timeout=0", Some("7"), 60),
            ("7;timeout=1", Some("7"), 4),
            ("7;timeout=soon", Some("7"), 60),
            ("", None, 60),
        ] {
            assert_eq!(session(&with("Session", text)), (id.map(str::to_owned), seconds), "{text}");
        }
        for (text, both) in [
            ("RTP/AVP/TCP;unicast;interleaved=2-3", Some((2, 3))),
            ("RTP/AVP/TCP; Interleaved = 4", Some((4, 5))),
            ("RTP/AVP/TCP;interleaved=0-5", Some((0, 5))),
            ("RTP/AVP/TCP;interleaved=700-701", None),
            ("RTP/AVP/TCP", None),
        ] {
            assert_eq!(channels(&with("Transport", text)), both, "{text}");
        }
    }

    #[test]
    fn addresses_are_put_together_as_all_clients_do() {
        let asked = "rtsp://gate/s?x=1";
        for (named, is) in [
            ("rtsp://192.0.2.7/s/", "rtsp://192.0.2.7/s/"),
            ("192.0.2.7/s", "rtsp://192.0.2.7/s"),
            ("/live/", "rtsp://gate/live/"),
            ("", asked),
            (":", asked),
        ] {
            assert_eq!(base(&with("Content-Base", named), asked), is, "{named}");
        }
        assert_eq!(join("rtsp://gate/s", "track1"), "rtsp://gate/s/track1");
        assert_eq!(join("rtsp://gate/s/", "track1"), "rtsp://gate/s/track1");
        assert_eq!(join("rtsp://gate/s", "rtsp://gate/t"), "rtsp://gate/t");
        assert_eq!(join("rtsp://gate/s/", "/t"), "rtsp://gate/s/t");
        assert_eq!(join("rtsp://gate/s", "*"), "rtsp://gate/s");
    }

    #[test]
    fn times_are_found_among_what_is_wrong() {
        let info = with("RTP-Info", "url=rtsp://gate/s/1;seq=a;rtptime=5, url=\"2\"; RTPtime = 6;;,x,url=3;rtptime=-1");
        assert_eq!(first_times(&info), [("rtsp://gate/s/1".to_owned(), 5), ("2".to_owned(), 6)]);
    }
}
