//! Modules that are loaded and tokens that are logged in to, each once for a run.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::session::UserType;
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::failure::token_error;
use super::token::{PinRequest, Token};
use super::{TokenKey, TokenUri, objects};
use crate::keys::{Certificate, DeviceError, TokenError};

/// The tokens of a run.
#[derive(Default)]
pub struct Tokens {
    modules: Vec<(PathBuf, Pkcs11)>,
    open: Vec<Rc<Token>>,
}

impl Tokens {
    /// Finds the private keys that `uri` means, those among them that can open streams. Loads the module, logs in where
    /// that is needed; the token stays logged in to until `self` and all keys are dropped.
    ///
    /// `pin` is asked at most once for a token, and gives its PIN, or `None`; at the device, any answer but `None` will
    /// do. The last try is used like any other: whether a person answers, only the caller knows.
    ///
    /// Errors: a [`TokenError`], or [`DeviceError::NoPin`].
    pub fn open(
        &mut self,
        uri: &TokenUri,
        pin: impl FnOnce(&PinRequest) -> Option<Zeroizing<String>>,
    ) -> Result<Vec<TokenKey>, DeviceError> {
        let module = self.module(&uri.module)?;
        let (slot, info) = chosen(&module, uri)?;
        let known = self.open.iter().find(|t| t.module == uri.module && t.slot == slot);
        let token = match known {
            Some(token) => Rc::clone(token),
            None => {
                let failed = |e| token_error(e, info.label());
                let token = Rc::new(Token {
                    session: module.open_ro_session(slot).map_err(failed)?,
                    label: info.label().into(),
                    mechanisms: decrypting(&module, slot).map_err(failed)?,
                    module: uri.module.clone(),
                    slot,
                });
                log_in(&module, &token, &info, pin)?;
                self.open.push(Rc::clone(&token));
                token
            }
        };
        Ok(objects::private_keys(&token, uri)?)
    }

    /// The certificates on the token that `uri` means, without logging in: they are public nearly everywhere. What is
    /// malformed is left out.
    ///
    /// Errors: as [`open`](Self::open), but those of the PIN.
    pub fn certificates(&mut self, uri: &TokenUri) -> Result<Vec<Certificate>, DeviceError> {
        let module = self.module(&uri.module)?;
        let (slot, info) = chosen(&module, uri)?;
        let failed = |e| token_error(e, info.label());
        let session = module.open_ro_session(slot).map_err(failed)?;
        Ok(objects::certificates(&session, uri).map_err(failed)?)
    }

    fn module(&mut self, path: &Path) -> Result<Pkcs11, TokenError> {
        if let Some((_, module)) = self.modules.iter().find(|(known, _)| known == path) {
            return Ok(module.clone());
        }
        let failed = |reason: String| TokenError::NoModule { module: path.display().to_string(), reason };
        let module = Pkcs11::new(path).map_err(|e| {
            failed(match e {
                // the loader's text begins with the path
                Error::LibraryLoading(e) => {
                    let text = e.to_string();
                    text.strip_prefix(&format!("{}: ", path.display())).map(str::to_owned).unwrap_or(text)
                }
                Error::MissingSymbol(name) => format!("it has no {name}"),
                e => e.to_string(),
            })
        })?;
        let with = |flags| module.initialize(CInitializeArgs::new(flags));
        let done = match with(CInitializeFlags::OS_LOCKING_OK) {
            // without threads of our own in it the module needs no locks
            Err(Error::Pkcs11(RvError::CantLock | RvError::NeedToCreateThreads, _)) => with(CInitializeFlags::empty()),
            done => done,
        };
        match done {
            // the same module under another path
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(e) => return Err(failed(e.to_string())),
        }
        self.modules.push((path.to_owned(), module.clone()));
        Ok(module)
    }
}

/// The one token that is meant.
fn chosen(module: &Pkcs11, uri: &TokenUri) -> Result<(Slot, TokenInfo), TokenError> {
    let slots = module.get_slots_with_token().map_err(|e| token_error(e, &uri.wanted_token()))?;
    // one that cannot be read is not the one
    let infos = slots.into_iter().filter_map(|slot| Some((slot, module.get_token_info(slot).ok()?)));
    let there: Vec<_> = infos.filter(|(_, info)| info.token_initialized()).collect();
    let is = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
    let (mut meant, others): (Vec<_>, Vec<_>) = there.into_iter().partition(|(_, info)| {
        is(&uri.token, info.label())
            && is(&uri.serial, info.serial_number())
            && is(&uri.manufacturer, info.manufacturer_id())
            && is(&uri.model, info.model())
    });
    let named = |tokens: &[(Slot, TokenInfo)]| {
        tokens.iter().map(|(_, i)| format!("\"{}\" (serial {})", i.label(), i.serial_number())).collect()
    };
    match (meant.pop(), meant.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(one), false) => {
            meant.push(one);
            Err(TokenError::SeveralTokens(named(&meant)))
        }
        (None, _) => Err(TokenError::NoToken { wanted: uri.wanted_token(), there: named(&others) }),
    }
}

fn decrypting(module: &Pkcs11, slot: Slot) -> cryptoki::error::Result<Vec<MechanismType>> {
    let mut offered = module.get_mechanism_list(slot)?;
    offered.retain(|m| match *m {
        MechanismType::RSA_X_509 | MechanismType::RSA_PKCS_OAEP => {
            module.get_mechanism_info(slot, *m).is_ok_and(|info| info.decrypt())
        }
        MechanismType::ECDH1_DERIVE => true,
        _ => false,
    });
    Ok(offered)
}

fn log_in(
    module: &Pkcs11,
    token: &Token,
    info: &TokenInfo,
    pin: impl FnOnce(&PinRequest) -> Option<Zeroizing<String>>,
) -> Result<(), DeviceError> {
    let label = || token.label.clone();
    if !info.login_required() {
        return Ok(());
    }
    if info.user_pin_locked() {
        return Err(TokenError::Blocked(label()).into());
    }
    if !info.user_pin_initialized() {
        return Err(TokenError::UnsetPin(label()).into());
    }
    let at_device = info.protected_authentication_path();
    let request = PinRequest { token: label(), at_device, last_try: info.user_pin_final_try() };
    let given = pin(&request).ok_or(DeviceError::NoPin)?;
    let done = if at_device {
        token.session.login(UserType::User, None)
    } else {
        token.session.login(UserType::User, Some(&AuthPin::from(given.as_str())))
    };
    match done {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) => {
            // what that did to the tries
            let now = module.get_token_info(token.slot);
            let flag = |of: fn(&TokenInfo) -> bool| now.as_ref().is_ok_and(of);
            let error = if flag(TokenInfo::user_pin_locked) {
                TokenError::Blocked(label())
            } else {
                TokenError::WrongPin {
                    token: label(),
                    few: flag(TokenInfo::user_pin_count_low),
                    last: flag(TokenInfo::user_pin_final_try),
                }
            };
            Err(error.into())
        }
        Err(e) => Err(token_error(e, &token.label).into()),
    }
}
