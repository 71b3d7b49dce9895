//! The applet on its operating system (Trussed): memory, random numbers, services, one turn of a loop for each power
//! cycle.
//!
//! Which request goes to which service follows the applet's own `src/virt.rs` (piv-authenticator, Apache-2.0 OR MIT),
//! written anew; other than there, random numbers come from a seed, and services run when they are called, as on a
//! device, where that one polls from a thread of its own.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc::Sender;

use iso7816::Status;
use piv_authenticator::{Authenticator, Options as AppletOptions};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{CryptoRng, Error as RandomError, RngCore, SeedableRng};
use trussed::ClientImplementation;
use trussed::backend::{Backend, BackendId};
use trussed::pipe::{ServiceEndpoint, TrussedChannel};
use trussed::platform::{Platform, Syscall};
use trussed::serde_extensions::{ExtensionDispatch, ExtensionId, ExtensionImpl};
use trussed::service::{Service, ServiceResources};
use trussed::types::{Context, CoreContext};
use trussed::virt::{StorageConfig, Store, UserInterface};
use trussed_auth::AuthExtension;
use trussed_auth_backend::{AuthBackend, AuthContext, FilesystemLayout};
use trussed_chunked::ChunkedExtension;
use trussed_core::Error;
use trussed_core::api::reply::{SerdeExtension as ExtensionReply, Sign as SignReply};
use trussed_core::api::request::SerdeExtension as ExtensionRequest;
use trussed_core::api::{Reply, Request};
use trussed_core::types::Location;
use trussed_hpke::HpkeExtension;
use trussed_rsa_alloc::SoftwareRsa;
use trussed_staging::{StagingBackend, StagingContext};
use trussed_wrap_key_to_file::WrapKeyToFileExtension;

use crate::commands::{Commands, Manners, Outcome};
use crate::options::Options;
use crate::slot::{Message, Slot};

/// The longest command and answer, in bytes.
pub const COMMAND: usize = 7609;
pub type Buffer = heapless::Vec<u8, COMMAND>;

/// The PIV applet of one power cycle.
pub struct Applet<'a> {
    authenticator: Authenticator<ClientImplementation<'a, AtOnce<'a>, Services>>,
    rsa_refused: Rc<Cell<bool>>,
}

impl Applet<'_> {
    pub fn respond(&mut self, command: &iso7816::Command<COMMAND>, reply: &mut Buffer) -> Result<(), Status> {
        self.authenticator.respond(command.as_view(), reply)?;
        match self.rsa_refused.take() {
            true => Err(Status::UnspecifiedCheckingError),
            false => Ok(()),
        }
    }
}

/// Is the card in the slot until it is pulled. Says on `powered` when the reader has asked for the ATR.
pub fn run(mut options: Options, mut slot: Slot, powered: Sender<()>) {
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let state = options.state.take();
    let memory = |name: &str| match &state {
        Some(folder) => {
            std::fs::create_dir_all(folder).expect("the state's folder can be made");
            StorageConfig::filesystem(folder.join(name))
        }
        None => StorageConfig::ram(),
    };
    let mut manners = Manners::new(options).expect("the log can be opened");
    let cycles = memory("internal").with_fs(|internal| {
        memory("external").with_fs(|external| {
            // What is remembered of PINs and of the management key goes with the power: the applet's own reset forgets
            // neither.
            let mut pulled = false;
            while !pulled {
                let cycle = StorageConfig::ram().with_fs(|volatile| {
                    let store = Store { internal, external, volatile };
                    let channel = TrussedChannel::new();
                    let (requests, replies) = channel.split().expect("a new channel splits");
                    let endpoint =
                        ServiceEndpoint::new(replies, CoreContext::new("piv".try_into().expect("a name")), SERVICES);
                    let rsa_refused = Rc::new(Cell::new(false));
                    let services = Services {
                        auth: AuthBackend::new(Location::Internal, FilesystemLayout::V0),
                        staging: StagingBackend::new(),
                        rsa_refused: rsa_refused.clone(),
                    };
                    let device = Device { random: Random(&mut random), store, user: UserInterface::new() };
                    let at_once = AtOnce { service: Service::with_dispatch(device, services), endpoint: [endpoint] };
                    let client = ClientImplementation::new(requests, at_once, None);
                    let authenticator = Authenticator::new(client, AppletOptions::new());
                    let mut commands = Commands::new(Applet { authenticator, rsa_refused }, &mut manners);
                    pulled = power_cycle(&mut commands, &mut slot, &powered);
                });
                cycle.expect("memory of one power cycle");
            }
        })
    });
    cycles.expect("the card's memory").expect("the card's second memory");
}

/// Whether the card was pulled, and not only reset.
fn power_cycle(commands: &mut Commands, slot: &mut Slot, powered: &Sender<()>) -> bool {
    while let Ok(message) = slot.next() {
        let answered = match message {
            Message::PowerOff | Message::Reset => return false,
            Message::PowerOn => Ok(()),
            Message::Atr => {
                let _ = powered.send(());
                slot.answer_atr()
            }
            Message::Command(bytes) => match commands.command(&bytes) {
                Outcome::Answer(answer) => slot.answer(&answer),
                Outcome::LastAnswer(answer) => {
                    let _ = slot.answer(&answer);
                    return true;
                }
                Outcome::Pulled => return true,
                Outcome::Silence => loop {
                    std::thread::park();
                },
            },
        };
        if answered.is_err() {
            break;
        }
    }
    true
}

/// Services that the applet's requests are offered to, in this order.
#[derive(Clone, Copy)]
enum Which {
    Auth,
    Rsa,
    Staging,
}

const SERVICES: &[BackendId<Which>] = &[
    BackendId::Custom(Which::Staging),
    BackendId::Custom(Which::Auth),
    BackendId::Custom(Which::Rsa),
    BackendId::Core,
];

struct Services {
    auth: AuthBackend,
    staging: StagingBackend,
    rsa_refused: Rc<Cell<bool>>,
}

#[derive(Default)]
struct Contexts {
    auth: AuthContext,
    staging: StagingContext,
}

/// Kinds of requests besides those of the core.
#[derive(Clone, Copy)]
enum Extension {
    Auth,
    Chunked,
    Hpke,
    WrapKeyToFile,
}

const EXTENSIONS: [Extension; 4] = [Extension::Auth, Extension::Chunked, Extension::Hpke, Extension::WrapKeyToFile];

impl From<Extension> for u8 {
    fn from(extension: Extension) -> u8 {
        extension as u8
    }
}

impl TryFrom<u8> for Extension {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self, Error> {
        EXTENSIONS.get(usize::from(number)).copied().ok_or(Error::InternalError)
    }
}

impl ExtensionId<AuthExtension> for Services {
    type Id = Extension;
    const ID: Extension = Extension::Auth;
}

impl ExtensionId<ChunkedExtension> for Services {
    type Id = Extension;
    const ID: Extension = Extension::Chunked;
}

impl ExtensionId<HpkeExtension> for Services {
    type Id = Extension;
    const ID: Extension = Extension::Hpke;
}

impl ExtensionId<WrapKeyToFileExtension> for Services {
    type Id = Extension;
    const ID: Extension = Extension::WrapKeyToFile;
}

impl ExtensionDispatch for Services {
    type BackendId = Which;
    type Context = Contexts;
    type ExtensionId = Extension;

    fn core_request<P: Platform>(
        &mut self,
        which: &Which,
        context: &mut Context<Contexts>,
        request: &Request,
        resources: &mut ServiceResources<P>,
    ) -> Result<Reply, Error> {
        let (core, own) = (&mut context.core, &mut context.backends);
        match which {
            Which::Auth => self.auth.request(core, &mut own.auth, request, resources),
            Which::Staging => self.staging.request(core, &mut own.staging, request, resources),
            // A number that is not below the modulus: the applet would panic, where cards say 6F00.
            Which::Rsa => match (SoftwareRsa.request(core, &mut (), request, resources), request) {
                (Err(error), Request::Sign(_)) if error != Error::RequestNotAvailable => {
                    self.rsa_refused.set(true);
                    Ok(SignReply { signature: Default::default() }.into())
                }
                (reply, _) => reply,
            },
        }
    }

    fn extension_request<P: Platform>(
        &mut self,
        which: &Which,
        extension: &Extension,
        context: &mut Context<Contexts>,
        request: &ExtensionRequest,
        resources: &mut ServiceResources<P>,
    ) -> Result<ExtensionReply, Error> {
        let (core, own) = (&mut context.core, &mut context.backends);
        let (auth, staging) = (&mut self.auth, &mut self.staging);
        match (which, extension) {
            (Which::Auth, Extension::Auth) => ExtensionImpl::<AuthExtension>::extension_request_serialized(
                auth,
                core,
                &mut own.auth,
                request,
                resources,
            ),
            (Which::Staging, Extension::Chunked) => {
                let own = &mut own.staging;
                ExtensionImpl::<ChunkedExtension>::extension_request_serialized(staging, core, own, request, resources)
            }
            (Which::Staging, Extension::Hpke) => {
                let own = &mut own.staging;
                ExtensionImpl::<HpkeExtension>::extension_request_serialized(staging, core, own, request, resources)
            }
            (Which::Staging, Extension::WrapKeyToFile) => {
                let own = &mut own.staging;
                ExtensionImpl::<WrapKeyToFileExtension>::extension_request_serialized(
                    staging, core, own, request, resources,
                )
            }
            _ => Err(Error::RequestNotAvailable),
        }
    }
}

/// The device: Trussed's own virtual one has one seed for all cards.
struct Device<'a> {
    random: Random<'a>,
    store: Store<'a>,
    user: UserInterface,
}

impl<'a> Platform for Device<'a> {
    type R = Random<'a>;
    type S = Store<'a>;
    type UI = UserInterface;

    fn rng(&mut self) -> &mut Random<'a> {
        &mut self.random
    }

    fn store(&self) -> Store<'a> {
        self.store
    }

    fn user_interface(&mut self) -> &mut UserInterface {
        &mut self.user
    }
}

/// It goes on over power cycles.
struct Random<'a>(&'a mut ChaCha8Rng);

impl RngCore for Random<'_> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), RandomError> {
        self.0.try_fill_bytes(bytes)
    }
}

impl CryptoRng for Random<'_> {}

/// Runs the services when the applet calls them.
struct AtOnce<'a> {
    service: Service<Device<'a>, Services>,
    endpoint: [ServiceEndpoint<'a, Which, Contexts>; 1],
}

impl Syscall for AtOnce<'_> {
    fn syscall(&mut self) {
        self.service.process(&mut self.endpoint);
    }
}
