//! What a camera offers, read as it comes and written as the page says (RFC 8866).
//!
//! Cameras leave lines out that must be there, name no address in their origin, end lines with one character or two,
//! and put quotes and spaces where none are. Of all that only a few lines matter: they are taken wherever they are
//! understood, and everything else is written anew. So retina reads a description that no camera wrote.

/// What a camera offers.
#[derive(Debug, Default)]
pub(super) struct Description {
    /// The address of all together, as the camera has it.
    pub control: Option<String>,
    /// In the camera's order.
    pub media: Vec<Media>,
    /// What is no RTP, in words.
    pub others: Vec<String>,
}

/// One of the camera's streams.
#[derive(Debug, Default)]
pub(super) struct Media {
    /// video, audio, application.
    kind: String,
    /// The payload types, the one that is taken first.
    pub payload_types: Vec<u8>,
    /// Its address, as the camera has it.
    pub control: Option<String>,
    /// Names with clock rates, as in "H264/90000", by payload type.
    names: Vec<(u8, String)>,
    /// Parameters by payload type.
    formats: Vec<(u8, String)>,
    frame_rate: Option<String>,
}

impl Description {
    /// What is understood of it, however it is written.
    pub fn parse(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let mut all = Description::default();
        let mut skipping = false;
        for line in text.split(['\n', '\r']).map(|line| line.trim_matches(|c: char| c.is_whitespace() || c == '\0')) {
            let Some((kind, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            match kind.trim() {
                "m" => match media(value) {
                    Ok(one) => {
                        skipping = false;
                        all.media.push(one);
                    }
                    Err(other) => {
                        skipping = true;
                        all.others.extend(other);
                    }
                },
                "a" if !skipping => {
                    let (name, value) = value.split_once(':').unwrap_or((value, ""));
                    all.attribute(name.trim(), value.trim());
                }
                _ => {}
            }
        }
        all.media.iter_mut().for_each(Media::choose);
        all
    }

    fn attribute(&mut self, name: &str, value: &str) {
        let Some(media) = self.media.last_mut() else {
            if name == "control" && !value.is_empty() {
                self.control = Some(value.to_owned());
            }
            return;
        };
        match name {
            "control" if !value.is_empty() => media.control = Some(value.to_owned()),
            "framerate" => media.frame_rate = Some(value.to_owned()),
            "rtpmap" => media.names.extend(of_payload_type(value).map(|(number, name)| (number, encoding(name)))),
            "fmtp" => media.formats.extend(of_payload_type(value).map(|(number, all)| (number, parameters(all)))),
            _ => {}
        }
    }

    /// As it has to be. The address of each of the media is its number.
    pub fn to_sdp(&self) -> String {
        let mut text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=control:*\r\n".to_owned();
        for (i, media) in self.media.iter().enumerate() {
            let number = media.payload_type();
            let kind = &media.kind;
            text += &format!("m={kind} 0 RTP/AVP {number}\r\na=control:{i}\r\n");
            if let Some(name) = media.name() {
                text += &format!("a=rtpmap:{number} {name}\r\n");
            }
            if let Some(format) = media.format() {
                text += &format!("a=fmtp:{number} {format}\r\n");
            }
            if let Some(rate) = media.frame_rate.as_ref().filter(|rate| rate.parse::<f32>().is_ok()) {
                text += &format!("a=framerate:{rate}\r\n");
            }
        }
        text
    }
}

impl Media {
    pub fn payload_type(&self) -> u8 {
        self.payload_types.first().copied().unwrap_or(0)
    }

    /// The encoding in lower case, without its clock rate.
    pub fn encoding(&self) -> String {
        self.name().and_then(|name| name.split('/').next()).unwrap_or_default().to_ascii_lowercase()
    }

    fn name(&self) -> Option<&str> {
        of(&self.names, self.payload_type())
    }

    fn format(&self) -> Option<&str> {
        of(&self.formats, self.payload_type()).filter(|format| !format.is_empty())
    }

    /// Puts the payload type first that can be recorded, and names an encoding that only its parameters give away.
    fn choose(&mut self) {
        let known = |name: &str| {
            let name = name.split('/').next().unwrap_or_default().to_ascii_lowercase();
            ["h264", "h265", "jpeg", "mpeg4-generic", "pcma", "pcmu"].contains(&name.as_str())
        };
        for (number, format) in &self.formats {
            let guess = match format {
                f if f.contains("sprop-parameter-sets=") => "H264/90000",
                f if f.contains("sprop-sps=") => "H265/90000",
                _ => continue,
            };
            if of(&self.names, *number).is_none() {
                self.names.push((*number, guess.to_owned()));
            }
        }
        if let Some(place) = self.payload_types.iter().position(|n| of(&self.names, *n).is_some_and(known)) {
            self.payload_types.swap(0, place);
        }
    }
}

fn of(all: &[(u8, String)], number: u8) -> Option<&str> {
    all.iter().find(|(n, _)| *n == number).map(|(_, text)| text.as_str())
}

/// The value of a line "m="; what it is instead, in words, where it is no RTP in clear.
fn media(value: &str) -> Result<Media, Option<String>> {
    let mut words = value.split_whitespace();
    let kind: String = words.next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
    let protocol = words.find(|word| word.contains('/') && word.contains(|c: char| c.is_ascii_alphabetic()));
    let protocol = protocol.unwrap_or_default().to_ascii_uppercase();
    let payload_types: Vec<u8> = words.filter_map(|word| word.parse().ok()).filter(|number| *number < 128).collect();
    let is_clear = protocol.contains("RTP/") && !protocol.contains("SAVP");
    if kind.is_empty() || !is_clear || payload_types.is_empty() {
        let protocol: String = protocol.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '/').take(20).collect();
        return Err((!kind.is_empty()).then(|| format!("{kind} {protocol}").trim_end().to_owned()));
    }
    Ok(Media { kind, payload_types, ..Media::default() })
}

/// "96 ..." without its number.
fn of_payload_type(value: &str) -> Option<(u8, &str)> {
    let (number, rest) = value.split_once(|c: char| c.is_whitespace())?;
    Some((number.parse().ok()?, rest.trim()))
}

/// "H264/90000" of what is nearly that.
fn encoding(name: &str) -> String {
    let mut parts = name.split('/').map(|part| part.split_whitespace().next().unwrap_or_default());
    let name: String = parts.next().unwrap_or_default().chars().filter(char::is_ascii_graphic).collect();
    // these have one rate only (RFC 6184, 8.2.1; RFC 7798, 7.1; RFC 2435, 4.1)
    let is_video = ["h264", "h265", "jpeg"].contains(&name.to_ascii_lowercase().as_str());
    let rate = parts.next().and_then(|rate| rate.parse::<u32>().ok()).filter(|rate| *rate > 0 && !is_video);
    let channels = parts.next().and_then(|channels| channels.parse::<u16>().ok()).filter(|n| *n > 0 && !is_video);
    let rate = rate.unwrap_or(if is_video { 90_000 } else { 8_000 });
    match channels {
        Some(channels) => format!("{name}/{rate}/{channels}"),
        None => format!("{name}/{rate}"),
    }
}

/// "NAME=VALUE;NAME=VALUE" of what is nearly that.
fn parameters(all: &str) -> String {
    let mut kept = Vec::new();
    for one in all.split(';') {
        let Some((name, value)) = one.split_once('=') else { continue };
        let value: String = value.chars().filter(|c| c.is_ascii_graphic() && *c != '"').collect();
        let name: String = name.trim().chars().filter(char::is_ascii_graphic).collect();
        if !name.is_empty() {
            let known = name.to_ascii_lowercase();
            let name = if known.starts_with("sprop-") { known } else { name };
            kept.push(format!("{name}={value}"));
        }
    }
    kept.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\n\
                         a=control:0\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z00=,aO4=\r\n";

    #[test]
    fn a_description_that_deviates_says_the_same() {
        let media = "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z00=,aO4=\na=control:x";
        for deviates in [
            format!("v=0\no=- 1 1 IN\ns=cam\nc=IN\nt=0 0\n{media}\n"),
            media.to_owned(),
            media.replace('\n', "\r"),
            format!("\u{feff}o=\r\n\r\n  {}\0\0", media.replace('\n', " \r\n ")),
            media.replace("96 H264/90000", " 96  h264").replace("h264", "H264"),
            media.replace("H264/90000", "H264/8000/1 "),
            media.replace("0 RTP/AVP 96", "0/2 TCP/RTP/AVP 97 96 x 300"),
            media.replace("Z00=,aO4=", "\"Z00=, aO4=\";").replace("sprop-p", "SPROP-P"),
            media.replace("a=rtpmap:96 H264/90000\n", ""),
            format!("b=AS:\nz\na=\na=range\na=rtpmap\nk=\u{ff}\n{media}\na=fmtp:96\na=fmtp\na=framerate:fast\na=x"),
        ] {
            assert_eq!(Description::parse(deviates.as_bytes()).to_sdp(), VIDEO, "{deviates:?}");
            assert_eq!(Description::parse(deviates.as_bytes()).media[0].control.as_deref(), Some("x"));
        }
    }

    #[test]
    fn what_is_no_rtp_in_clear_is_named() {
        for (line, named) in [
            ("m=video 0 RTP/SAVP 96", &["video RTP/SAVP"][..]),
            ("m=application 0 udp 5", &["application"]),
            ("m=video 0 RTP/AVP", &["video RTP/AVP"]),
            ("m=\0", &[]),
        ] {
            let all = Description::parse(line.as_bytes());
            assert!(all.media.is_empty() && all.others == named, "{line}: {all:?}");
        }
        let all =
            Description::parse(b"a=control:all\nm=video 0 udp 1\na=control:no\nm=audio 0 RTP/AVP 0\na=control:yes");
        assert_eq!((all.control.as_deref(), all.media.len()), (Some("all"), 1));
        assert_eq!(all.media[0].control.as_deref(), Some("yes"));
    }
}
