//! The streams of a camera, with their addresses (ONVIF Media, 5.2 and 5.15).

use super::super::address::Address;
use super::super::disconnect::Disconnect;
use super::soap::{Service, escaped};
use super::xml;
use crate::base::text;

/// Most profiles that are asked about.
const MAX_PROFILES: usize = 64;
/// Longest text of a camera that is shown, in characters.
const LONGEST: usize = 200;

/// One of a camera's streams. All of it is printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundStream {
    /// Where it is.
    pub address: String,
    /// Name of its profile.
    pub profile: String,
    /// Encoding and size, as "H264 1920x1080"; empty when the camera does not say.
    pub video: String,
}

/// What a camera says, ready to be shown.
pub(super) fn shown(said: &str) -> String {
    text::printable(said).chars().take(LONGEST).collect()
}

/// Asks for all streams.
///
/// # Errors
///
/// The camera does not answer, or refuses.
pub(super) async fn streams(device: &mut Service<'_>) -> Result<Vec<FoundStream>, Disconnect> {
    if device.credentials.is_some() {
        device.learn_clock().await;
    }
    let all = device.ask("<d:GetCapabilities><d:Category>Media</d:Category></d:GetCapabilities>").await?;
    let address = xml::all_of(&all, "Media").next().and_then(|media| xml::text(media, "XAddr"));
    // proof of the password goes to the camera that was found, and to nobody that it names
    let address = address.and_then(|address| address.parse::<Address>().ok());
    let address = address
        .filter(|address| address.is_http() && !address.is_encrypted() && address.host() == device.address.host());
    let address = address.unwrap_or_else(|| device.address.clone());
    let media = Service { address, credentials: device.credentials, clock_off: device.clock_off };
    let all = media.ask("<m:GetProfiles/>").await?;
    let mut streams = Vec::new();
    for profile in xml::all_of(&all, "Profiles").take(MAX_PROFILES) {
        let Some(token) = profile.first().and_then(|element| element.attribute("token")) else { continue };
        let stream = "<c:Stream>RTP-Unicast</c:Stream><c:Transport><c:Protocol>RTSP</c:Protocol></c:Transport>";
        let token = escaped(token);
        let question = format!(
            "<m:GetStreamUri><m:StreamSetup>{stream}</m:StreamSetup><m:ProfileToken>{token}</m:ProfileToken></m:GetStreamUri>"
        );
        let answer = match media.ask(&question).await {
            Ok(answer) => answer,
            // another profile may have one
            Err(Disconnect::Lost(_)) => continue,
            Err(e) => return Err(e),
        };
        let Some(address) = xml::text(&answer, "Uri").filter(|uri| uri.parse::<Address>().is_ok()) else { continue };
        let encoder = xml::all_of(profile, "VideoEncoderConfiguration").next().unwrap_or_default();
        let encoding = xml::text(encoder, "Encoding").unwrap_or_default();
        let size = xml::text(encoder, "Width").zip(xml::text(encoder, "Height"));
        let size = size.map_or(String::new(), |(width, height)| format!(" {width}x{height}"));
        streams.push(FoundStream {
            address: shown(address),
            profile: shown(xml::text(profile, "Name").unwrap_or_default()),
            video: shown(format!("{encoding}{size}").trim()),
        });
    }
    Ok(streams)
}
