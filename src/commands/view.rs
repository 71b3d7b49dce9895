//! What `view` does with its flags.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use crate::archive;
use crate::base::text::quoted_path;
use crate::foreign::MuxTarget;
use crate::media::MuxFormat;
use crate::playback::{self, Footage, Moment};
use crate::storage::{AtomicFile, Existing, Input, permissions};

use super::export::{Export, export};
use super::view_files::{OTHERS, videos};
use crate::cli::flags::{ArchiveFlags, GrantFlags, IdentityFlags, InputsFlags, SourceFlags, ViewFlags};
use crate::cli::secrets::{first_signer, read_keyring};
use crate::cli::{Failure, Player, Session};
use crate::cli::{PictureOutput, stdout};

/// What is made of the input.
enum Made {
    Video(AtomicFile, PathBuf, MuxFormat),
    Piped,
    Played,
    Snapshot(Moment, PictureOutput),
    Sheet(PictureOutput),
    /// Nothing was chosen, and stdout is a terminal.
    Nothing,
}

/// The flags of `view`.
pub struct ViewCommand {
    /// What is read.
    pub input: InputsFlags,
    /// Which part of an archive is read.
    pub archive: ArchiveFlags,
    /// The keys that open it.
    pub identity: IdentityFlags,
    /// The grants that open it.
    pub grants: GrantFlags,
    /// What is shown, and as what.
    pub view: ViewFlags,
    /// What is insisted on.
    pub source: SourceFlags,
}

impl ViewCommand {
    /// Shows the input.
    ///
    /// # Errors
    ///
    /// A name that does not fit what is written (2); what opening and showing a recording says.
    pub fn run(mut self, session: &Session) -> anyhow::Result<()> {
        let format = format(&self.view)?;
        let accepted = &mut self.source.signers.signer;
        let signer = first_signer(self.view.sign.as_deref(), accepted, false, &self.identity.passphrase, session)?;
        let signer = signer.map(|(signer, _)| signer);
        let keyring = read_keyring(&self.identity, &self.grants, session)?;
        // before there is a file that a signal could leave behind
        session.stop()?;
        let (report, span) = (session.report(), self.view.span()?);
        let selection = self.archive.selection(&self.input.files, span.from, span.to)?;
        let input = archive::open(&self.input.files, &selection, &report)?;
        let mode = self.view.mode.fixed(&keyring);
        if let Some(path) = self.view.export.take() {
            let case = Export {
                path,
                force: self.view.force,
                mode,
                span,
                source: self.source,
                signer,
                disclose_keys: self.view.disclose_keys,
                tracks: self.view.tracks.choice(),
                foreign: self.view.foreign.foreign()?,
            };
            return export(input, keyring, case, session);
        }
        let made = made(&self.view, format, mode, &input)?;
        let footage =
            Footage::open(input, keyring, self.source.options(&report)?, (span, self.view.tracks.choice()), &report)?;
        show(footage, made, &self.view, mode, session)
    }
}

/// Makes what was chosen out of the footage.
fn show(
    mut footage: Footage,
    made: Made,
    view: &ViewFlags,
    mode: Option<u32>,
    session: &Session,
) -> anyhow::Result<()> {
    let (foreign, report) = (view.foreign.foreign()?, session.report());
    match made {
        Made::Nothing => return Err(nothing_chosen().into()),
        Made::Video(file, path, format) => {
            let next = |name: &Path| create(name, view, mode, None);
            if videos(&mut footage, (file, &path), next, format, &foreign, &report)? == 0 {
                // nothing that was authentic: no file
                return Err(nothing_shown(footage));
            }
        }
        Made::Piped => {
            let mut count = 0;
            loop {
                let output = MuxTarget::Pipe(Box::new(stdout(session)?));
                count += playback::remux(&mut footage, output, MuxFormat::Matroska, &foreign, &report)?;
                if !footage.next_part()? {
                    break;
                }
                report.warn(format!("{OTHERS}: another Matroska stream follows"));
            }
            if count == 0 {
                return Err(nothing_shown(footage));
            }
        }
        Made::Played => loop {
            let mut player = Player::start(view.player.as_deref())?;
            let stdin = player.take_stdin().ok_or_else(|| Failure::failed("the player has no stdin"))?;
            let output = MuxTarget::Pipe(Box::new(stdin));
            match playback::remux(&mut footage, output, MuxFormat::Matroska, &foreign, &report) {
                // closed before the end, as people do
                Err(e) if e.is_broken_pipe() => return player.wait(),
                result => {
                    player.wait()?;
                    result?;
                }
            }
            if !footage.next_part()? {
                break;
            }
            report.warn(format!("{OTHERS}: the player is started once more"));
        },
        Made::Snapshot(at, target) => match playback::snapshot(&mut footage, at, &foreign, &report)? {
            Some(picture) => target.write(&picture, session)?,
            None => return Err(nothing_shown(footage)),
        },
        Made::Sheet(target) => match playback::contact_sheet(&mut footage, view.layout(), &foreign, &report)? {
            Some(picture) => target.write(&picture, session)?,
            None => return Err(nothing_shown(footage)),
        },
    }
    Ok(footage.verdict()?)
}

/// Why there was no packet to show: what is wrong with the input, or there is none in the time that was asked for.
fn nothing_shown(footage: Footage) -> anyhow::Error {
    let none_then = footage.nothing_shown();
    match footage.verdict() {
        Err(e) => e.into(),
        Ok(()) => none_then.into(),
    }
}

/// The container that `-o` names.
fn format(args: &ViewFlags) -> anyhow::Result<Option<MuxFormat>> {
    let png = |path: &Path| match ending(path).as_deref() {
        Some("png") => Ok(None),
        _ => Err(Failure::usage("pictures are written as PNG").hint("name the file .png")),
    };
    let named = args.output.as_deref().filter(|path| *path != Path::new("-"));
    match (&args.contact_sheet, named) {
        (Some(path), _) if path != Path::new("-") => Ok(png(path)?),
        (None, Some(path)) if args.snapshot.is_some() => Ok(png(path)?),
        (None, Some(path)) => match ending(path).as_deref() {
            Some("mp4" | "m4v") => Ok(Some(MuxFormat::Mp4)),
            Some("mkv") => Ok(Some(MuxFormat::Matroska)),
            Some("png") => Err(Failure::usage("no picture of the stream chosen")
                .hint("--snapshot TIME -o FILE.png writes one, --contact-sheet FILE.png many")
                .into()),
            _ => {
                let name = quoted_path(path);
                Err(Failure::usage(format!("{name} does not end in .mp4 or .mkv"))
                    .hint("the ending chooses the container: .mp4 plays everywhere, .mkv holds every codec")
                    .into())
            }
        },
        _ => Ok(None),
    }
}

fn ending(path: &Path) -> Option<String> {
    path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase)
}

/// Opens what is written, before any of the input is read.
fn made(args: &ViewFlags, format: Option<MuxFormat>, mode: Option<u32>, input: &Input) -> anyhow::Result<Made> {
    let create = |path: &Path| create(path, args, mode, Some(input));
    let named = |path: &Option<PathBuf>| path.clone().filter(|path| path != Path::new("-"));
    let picture = |path: &Option<PathBuf>| match path.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => create(path).map(PictureOutput::File),
        None => Ok(PictureOutput::Stdout),
    };
    let terminal = std::io::stdout().is_terminal();
    if args.contact_sheet.is_some() {
        return picture(&args.contact_sheet).map(Made::Sheet);
    }
    if let Some(at) = args.snapshot {
        if args.output.is_none() && terminal {
            return Err(Failure::usage("a picture is not written to a terminal").hint("use -o FILE.png").into());
        }
        return picture(&args.output).map(|target| Made::Snapshot(at, target));
    }
    Ok(match (named(&args.output), format) {
        (Some(path), Some(format)) => Made::Video(create(&path)?, path, format),
        _ if args.play => Made::Played,
        _ if args.output.is_some() || !terminal => Made::Piped,
        _ => Made::Nothing,
    })
}

fn create(path: &Path, args: &ViewFlags, mode: Option<u32>, input: Option<&Input>) -> anyhow::Result<AtomicFile> {
    let existing = Existing::from_force(args.force);
    let mut file = AtomicFile::create(path, permissions::file_made_with(mode), existing, input)?;
    permissions::fix_file(file.file().as_file(), mode)?;
    Ok(file)
}

fn nothing_chosen() -> Failure {
    Failure::usage("no output chosen: use -o, --snapshot or --play").hint(
        "video is not written to a terminal: name -o FILE.mp4, -o FILE.mkv, --snapshot TIME -o FILE.png or \
         --contact-sheet FILE.png, or pipe it: view FILE | ffplay -",
    )
}
