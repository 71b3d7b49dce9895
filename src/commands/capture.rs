//! `capture`: a file, a pipe or a camera, chosen by what the argument looks like.

use std::path::Path;

use crate::capture::{VideoFile, capture_file};
use crate::storage::StreamOutput;

use crate::cli::Session;
use crate::cli::flags::{CameraFlags, CaptureFlags, OutputFlags};

/// Captures `video`, a file or a camera's address; stdin when there is none.
///
/// # Errors
///
/// A [`crate::cli::Failure`]: flags that do not go together. A [`crate::capture::CaptureError`].
pub fn run(
    video: Option<&Path>,
    output: &OutputFlags,
    flags: &CaptureFlags,
    camera: &CameraFlags,
    session: &Session,
) -> anyhow::Result<()> {
    if let Some(target) = camera.discover {
        return live::list(target, camera, session);
    }
    if let Some(address) = video.filter(|video| live::is_address(video)) {
        return live::capture(&address.to_string_lossy(), output, flags, camera, session);
    }
    session.stop()?;
    let (options, report) = (flags.file_options(flags.foreign.foreign()?), session.report());
    let mut video = VideoFile::open(video)?;
    if options.rounds > 1 {
        video.check_repeatable()?;
    }
    let output = StreamOutput::open(output.options(session), None, &report)?;
    Ok(capture_file(&mut video, &options, &flags.feed_options(), output, &report)?)
}

#[cfg(feature = "rtsp")]
mod live {
    use std::path::Path;
    use std::time::Duration;

    use crate::capture::rtsp::{Address, DiscoverOptions, LiveOptions, Tls, capture_live, discover};
    use crate::cli::flags::{CameraFlags, CaptureFlags, OutputFlags, Target};
    use crate::cli::print::print;
    use crate::cli::secrets::{read_certificates, read_credentials};
    use crate::cli::{Failure, Session};
    use crate::storage::StreamOutput;

    pub fn is_address(argument: &Path) -> bool {
        Address::looks_like(argument)
    }

    /// For how long answers of cameras are waited for, at most.
    const ANSWERS: Duration = Duration::from_secs(5);

    /// Lists the cameras that answer: a line for each, and one for each of their streams.
    pub fn list(target: Target, camera: &CameraFlags, session: &Session) -> anyhow::Result<()> {
        let credentials = camera.credentials.as_deref().map(|file| read_credentials(file, session)).transpose()?;
        let (is_asked, wait) = (credentials.is_some(), camera.wait.min(ANSWERS));
        session.stop()?;
        let cameras = discover(&DiscoverOptions { target: target.0, wait, credentials }, &session.report())?;
        if cameras.is_empty() {
            let hint = "it must be in this network, with ONVIF switched on, and no firewall before UDP port 3702";
            return Err(Failure::failed("no camera answers").hint(hint).into());
        }
        let mut text = String::new();
        for found in &cameras {
            text += format!("{} {}", found.address, found.name).trim_end();
            text += "\n";
            for stream in &found.streams {
                text += format!("  {} {} {}", stream.address, stream.video, stream.profile).trim_end();
                text += "\n";
            }
            if let Some(why) = &found.trouble {
                session.report().warn(format!("{}: {why}", found.address));
            }
        }
        if !is_asked {
            session.report().note("with --credentials FILE the cameras are asked for their streams, too");
        }
        print(text)
    }

    pub fn capture(
        address: &str,
        output: &OutputFlags,
        flags: &CaptureFlags,
        camera: &CameraFlags,
        session: &Session,
    ) -> anyhow::Result<()> {
        let address: Address = address.parse()?;
        if let Some(flag) = flags.only_for_files() {
            return Err(Failure::usage(format!("{flag} is for files, not for a camera")).into());
        }
        let credentials = camera.credentials.as_deref().map(|file| read_credentials(file, session)).transpose()?;
        if camera.ca.is_some() && !address.is_encrypted() {
            return Err(Failure::usage("--ca is for an address that begins with rtsps:// or https://").into());
        }
        let authorities = camera.ca.as_deref().map(read_certificates).transpose()?;
        let tls = authorities.map(|authorities| Tls::new(&authorities)).transpose()?;
        session.stop()?;
        let report = session.report();
        let container = flags.file_options(flags.foreign.foreign()?);
        let options = LiveOptions { container: Some(container), ..camera.options(!flags.no_audio, credentials, tls) };
        let output = StreamOutput::open(output.options(session), None, &report)?;
        Ok(capture_live(&address, &options, &flags.feed_options(), output, &report)?)
    }
}

#[cfg(not(feature = "rtsp"))]
mod live {
    use std::path::Path;

    use crate::cli::flags::{CameraFlags, CaptureFlags, OutputFlags, Target};
    use crate::cli::{Failure, Session};

    pub fn is_address(argument: &Path) -> bool {
        argument
            .to_str()
            .is_some_and(|a| ["rtsp://", "rtsps://", "http://", "https://"].iter().any(|s| a.starts_with(s)))
    }

    pub fn list(_: Target, _: &CameraFlags, _: &Session) -> anyhow::Result<()> {
        Err(Failure::usage("this build looks for no cameras").hint("build it with the feature rtsp").into())
    }

    pub fn capture(_: &str, _: &OutputFlags, _: &CaptureFlags, _: &CameraFlags, _: &Session) -> anyhow::Result<()> {
        Err(Failure::usage("this build takes no camera's address")
            .hint("build it with the feature rtsp, or: ffmpeg -i ADDRESS -c copy -f mpegts - | capture")
            .into())
    }
}
