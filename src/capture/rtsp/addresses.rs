//! Addresses of a camera's streams: as the camera has them, and as retina does.

use super::answers;
use super::message::TextMessage;
use super::sdp::Description;

/// One of the camera's streams.
#[derive(Debug)]
pub(super) struct StreamAddress {
    address: String,
    pub encoding: String,
    pub payload_types: Vec<u8>,
}

/// The addresses of a connection.
#[derive(Debug)]
pub(super) struct Addresses {
    /// Scheme, host and port, as retina has them and as the camera does.
    here: String,
    there: String,
    /// All streams together, once they are described.
    all: Option<String>,
    pub streams: Vec<StreamAddress>,
}

impl Addresses {
    /// `here` and `there` are scheme, host and port, as retina has them and as the camera does.
    pub fn new(here: String, there: String) -> Self {
        Addresses { here, there, all: None, streams: Vec::new() }
    }

    /// The camera described its streams, in an answer to a request for `asked`. For retina their addresses are numbers.
    pub fn describe(&mut self, description: &Description, asked: &str, answer: &mut TextMessage) {
        let base = answers::base(answer, asked);
        let all = answers::join(&base, description.control.as_deref().unwrap_or(asked));
        self.streams = (description.media.iter())
            .map(|media| StreamAddress {
                address: media.control.as_ref().map_or_else(|| all.clone(), |control| answers::join(&base, control)),
                encoding: media.encoding(),
                payload_types: media.payload_types.clone(),
            })
            .collect();
        self.all = Some(all);
        answer.remove("Content-Location");
        answer.set("Content-Base", &format!("{}/", self.here));
        answer.set("Content-Type", "application/sdp");
        answer.body = description.to_sdp().into_bytes();
    }

    /// All streams together, as the camera has them.
    pub fn aggregate(&self) -> Option<&str> {
        self.all.as_deref()
    }

    /// Which of the streams retina means.
    pub fn stream(&self, uri: &str) -> Option<usize> {
        let number = uri.strip_prefix(&self.here).filter(|_| self.all.is_some())?.strip_prefix('/')?;
        number.parse().ok().filter(|number| *number < self.streams.len())
    }

    /// All streams together, as the camera has them; the address that retina asks for before they are described.
    pub fn camera(&self, uri: &str) -> String {
        if let Some(stream) = self.stream(uri).and_then(|number| self.streams.get(number)) {
            return stream.address.clone();
        }
        match (&self.all, uri.strip_prefix(&self.here)) {
            (Some(all), Some(_)) => all.clone(),
            (None, Some(rest)) if rest.is_empty() || rest.starts_with(['/', '?']) => format!("{}{rest}", self.there),
            _ => uri.to_owned(),
        }
    }

    /// Has the answer to PLAY name retina's addresses, where it is known which they are.
    pub fn play(&self, answer: &mut TextMessage) {
        let times = answers::first_times(answer);
        answer.remove("RTP-Info");
        let mut all = Vec::new();
        for (number, stream) in self.streams.iter().enumerate() {
            let named = |address: &str| {
                let address = address.trim_end_matches('/');
                let end = stream.address.trim_end_matches('/');
                !address.is_empty()
                    && (end == address || end.ends_with(&format!("/{}", address.trim_start_matches('/'))))
            };
            let found = times.iter().find(|(address, _)| named(address));
            // they may stand in order, under addresses of another kind
            let found = found.or_else(|| times.get(number).filter(|_| times.len() == self.streams.len()));
            all.extend(found.map(|(_, time)| format!("url={}/{number};rtptime={time}", self.here)));
        }
        if !all.is_empty() {
            answer.set("RTP-Info", &all.join(","));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_is_found_under_its_address() {
        let mut addresses = Addresses::new("rtsp://here".to_owned(), "rtsp://gate".to_owned());
        assert_eq!(addresses.camera("rtsp://here/s?a"), "rtsp://gate/s?a");
        assert_eq!(addresses.camera("rtsp://hereafter/s"), "rtsp://hereafter/s");
        let sdp =
            b"m=video 0 RTP/AVP 96\na=control:1\nm=audio 0 RTP/AVP 0\na=control:rtsp://other/2\nm=video 0 RTP/AVP 97";
        let mut answer = TextMessage::new("RTSP/1.0 200 OK".to_owned());
        addresses.describe(&Description::parse(sdp), "rtsp://gate/s", &mut answer);
        assert_eq!(answer.value("Content-Base"), Some("rtsp://here/"));
        for (retinas, cameras) in
            [("0", "rtsp://gate/s/1"), ("1", "rtsp://other/2"), ("2", "rtsp://gate/s"), ("", "rtsp://gate/s")]
        {
            assert_eq!(addresses.camera(&format!("rtsp://here/{retinas}")), cameras, "{retinas}");
        }
        assert_eq!((addresses.stream("rtsp://here/2"), addresses.stream("rtsp://here/3")), (Some(2), None));
        for (info, is) in [
            ("url=rtsp://gate/s/1;rtptime=5", Some("url=rtsp://here/0;rtptime=5")),
            (
                "url=1;seq=9;rtptime=5,url=rtsp://other/2/;rtptime=6",
                Some("url=rtsp://here/0;rtptime=5,url=rtsp://here/1;rtptime=6"),
            ),
            ("url=rtsp://x/1;seq=1", None),
        ] {
            answer.set("RTP-Info", info);
            addresses.play(&mut answer);
            assert_eq!(answer.value("RTP-Info"), is, "{info}");
        }
    }
}
