//! The child: goes to jail, then reads or decodes.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::fd::AsRawFd;

use crate::format::Track;
use crate::jail::{Bounds, enter};
use crate::media::{self, DemuxOptions, MediaError, PictureLimits};

use super::mux_service::mux;
use super::options::Work;
use super::wire::{self, Kind, nonsense};
use super::wire_error::WireError;

/// Memory besides that for pictures, in bytes.
const BASE: u64 = 1 << 30;
/// And for each pixel of the largest picture: a decoder keeps up to 8 of them, deep ones too.
const A_PIXEL: u64 = 96;

/// Memory of a process that makes a container: the index of an mp4 grows with its length, by some hundred bytes for
/// each packet.
const MUXED: u64 = 6 << 30;

/// Does what the arguments say, on stdin and stdout. False when that failed.
pub fn serve(words: &[String], input: File, output: File) -> bool {
    let Some((max_pixels, required, work)) = Work::parse(words) else { return false };
    let keep = [input.as_raw_fd(), output.as_raw_fd()];
    let memory = match work {
        Work::Mux { .. } => MUXED,
        Work::Demux { .. } | Work::Decode => BASE + A_PIXEL * u64::from(max_pixels),
    };
    let mut output = BufWriter::with_capacity(256 << 10, output);
    let lacking = match enter(Bounds { keep: &keep, memory, writes_file: false, required }) {
        Ok(lacking) => lacking.unwrap_or_default(),
        Err(error) => return wire::send_failure(&mut output, &WireError::Jail(error.missing)).is_ok_and(|()| false),
    };
    if wire::send(&mut output, Kind::Ready, &[lacking.as_bytes()]).is_err() {
        return false;
    }
    let limits = PictureLimits { max_pixels };
    match work {
        Work::Decode => decode(input, &mut output, limits),
        Work::Mux { format, pipe, begins_ns } => mux(input, output, format, pipe, begins_ns),
        Work::Demux { audio, tracks, format, frame_rate, name } => {
            let options = DemuxOptions { audio, tracks, format, frame_rate, limits, probe_bytes: None, stop: None };
            demux(input, &mut output, &name, options)
        }
    }
    .is_ok()
}

fn demux(mut input: File, output: &mut impl Write, name: &str, options: DemuxOptions) -> io::Result<()> {
    let opened = match input.stream_position() {
        Ok(_) => media::Demuxer::from_seekable(input, Some(name), options),
        Err(_) => media::Demuxer::from_reader(input, options),
    };
    let mut demuxer = match opened {
        Ok(demuxer) => demuxer,
        Err(error) => return wire::send_failure(output, &WireError::of(&error)),
    };
    if !demuxer.left_out().is_empty() {
        wire::send(output, Kind::LeftOut, &[demuxer.left_out().join("\n").as_bytes()])?;
    }
    let mut known = demuxer.tracks().to_vec();
    if !describe(&known, output)? {
        return Ok(());
    }
    loop {
        let next = demuxer.next_packet();
        // some inputs describe their tracks anew in the middle
        if known != demuxer.tracks() {
            known = demuxer.tracks().to_vec();
            if !describe(&known, output)? {
                return Ok(());
            }
        }
        match next {
            Ok(Some(packet)) => wire::send(output, Kind::Packet, &[&wire::packet_head(&packet), &packet.data])?,
            Ok(None) => return wire::send(output, Kind::End, &[&wire::remarks_to_body(demuxer.remarks())]),
            Err(error) => return wire::send_failure(output, &WireError::of(&error)),
        }
    }
}

/// Says what the tracks are; false where that cannot be said.
fn describe(tracks: &[Track], output: &mut impl Write) -> io::Result<bool> {
    match wire::tracks_to_body(tracks) {
        Some(body) => wire::send(output, Kind::Tracks, &[&body]).map(|()| true),
        None => wire::send_failure(output, &WireError::Other("the tracks cannot be described".into())).map(|()| false),
    }
}

fn decode(mut input: impl Read, output: &mut impl Write, limits: PictureLimits) -> io::Result<()> {
    let Some((Kind::Tracks, body)) = wire::receive(&mut input, limits.max_pixels)? else { return Err(nonsense()) };
    let tracks = wire::tracks_of(&body).ok_or_else(nonsense)?;
    let track = tracks.first().ok_or_else(nonsense)?;
    let mut decoder = match media::Decoder::limited(track, 1, limits) {
        Ok(decoder) => decoder,
        Err(error) => return wire::send_failure(output, &WireError::of(&error)),
    };
    answer(&mut decoder, Ok(()), output)?;
    while let Some((kind, body)) = wire::receive(&mut input, limits.max_pixels)? {
        let result = match kind {
            Kind::Packet => decoder.send(&wire::packet_of(&body, usize::MAX).ok_or_else(nonsense)?),
            Kind::End => decoder.flush(),
            _ => return Err(nonsense()),
        };
        answer(&mut decoder, result, output)?;
    }
    Ok(())
}

/// The pictures that are ready, and how it went.
fn answer(decoder: &mut media::Decoder, result: Result<(), MediaError>, output: &mut impl Write) -> io::Result<()> {
    while let Some(picture) = decoder.receive() {
        let head = wire::picture_head(&picture);
        let [y, cb, cr] = &picture.planes;
        wire::send(output, Kind::Picture, &[&head, &y.data, &cb.data, &cr.data])?;
    }
    match result {
        Ok(()) => wire::send(output, Kind::Done, &[]),
        Err(error) => wire::send_failure(output, &WireError::of(&error)),
    }
}
