//! Cameras on the network that cannot be recorded.

use super::verdict::Verdict;
use crate::capture::rtsp::{Refusal, RtspError, Seen};
use crate::cli::Status;

pub(super) fn of_rtsp(e: &RtspError) -> Verdict {
    use RtspError::*;
    let usage = |hint: &str| (Status::Usage, Some(hint.to_owned()));
    let hint = match e {
        Address { .. } | NoHost { .. } => return usage("as in: rtsp://192.0.2.7/stream1"),
        Scheme { .. } => return usage("give an address that begins with rtsp://, rtsps://, http:// or https://"),
        Password { .. } => {
            return usage(
                "every user of this machine can read it there; put NAME:PASSWORD into a file: --credentials FILE",
            );
        }
        Datagrams { .. } => return usage("leave --transport udp out"),
        Authority(_) => "--ca takes certificates as PEM or DER",
        NoAuthority => "install ca-certificates, or give the authority's certificate with --ca FILE",
        Sockets(_) => return (Status::Failed, None),
        Refused { why, .. } => of_refusal(why),
        Ended { .. } => {
            "what came until then is recorded; connect again, as a service does, with --after for encrypt-stream"
        }
        Unreachable { seen, .. } => of_attempt(*seen),
    };
    (Status::Failed, Some(hint.to_owned()))
}

/// Of a camera that was not recorded in time: it speaks of what was seen.
fn of_attempt(seen: Seen) -> &'static str {
    match seen {
        Seen::Nothing => "is the camera on, and the address right",
        Seen::Somebody => "somebody is there who does not answer as a camera does: is that its RTSP port",
        Seen::Answers => "the camera answers, and does not play: may it have too many viewers, or another path",
        Seen::Plays => "the camera said that it plays, and nothing came: try --transport tcp or --transport udp",
        _ => {
            "the camera sends, and no picture of it can be decoded: have it send key frames more often, or another codec"
        }
    }
}

fn of_refusal(why: &Refusal) -> &'static str {
    match why {
        Refusal::WrongPassword => "check the file of --credentials, and that the user may see the video",
        Refusal::NoPassword => {
            "put NAME:PASSWORD into a file that only you can read, and give it with --credentials FILE"
        }
        Refusal::OnlyBasic => {
            "have the camera offer Digest; --allow-basic sends the password all the same, best over rtsps://"
        }
        Refusal::Authentication => "have the camera offer Digest authentication (RFC 7616)",
        Refusal::Redirected(_) => "if that address is yours, give it to capture instead",
        Refusal::OtherName { .. } => "use the name in its certificate for the address, or give the camera another one",
        Refusal::Expired | Refusal::NotYetValid => "renew it in the camera; are both clocks right",
        Refusal::UnknownAuthority => {
            "give the certificate of its authority, or the camera's own if it issued that itself, with --ca FILE"
        }
        Refusal::Certificate(_) => "give the camera another one",
        Refusal::Tls(_) => "does the camera's firmware have TLS 1.2",
        Refusal::NoTls => {
            "rtsps:// takes port 322 unless given, https:// 443; without TLS the address begins with rtsp:// or http://"
        }
        Refusal::NoSuchStream => "the camera's manual or ONVIF lists the paths of its streams",
        Refusal::Transport => "try --transport tcp or --transport udp",
        Refusal::NoVideo(_) => {
            "have the camera send H.264 or H.265; over HTTP, MJPEG as multipart/x-mixed-replace or MPEG-TS"
        }
    }
}
