//! Cards and security modules: what to do about everything that can be wrong with one.

use std::error::Error;

use crate::keys::{DeviceError, TokenError};

use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static)) -> Option<Verdict> {
    Some(of_device(cause.downcast_ref::<DeviceError>()?))
}

/// The fix for everything that can be wrong with a card or a module.
pub(crate) fn of_device(e: &DeviceError) -> Verdict {
    use DeviceError::*;
    let hint = match e {
        NoService => "install and start the PC/SC daemon: apt-get install pcscd; systemctl start pcscd.socket",
        Forbidden => "ask whoever runs this machine: polkit may say who may use smart cards",
        NotBuilt(_) => "build it with the feature, or give -i with a key file",
        NoReader => "plug the reader in; enroll-cert --list shows what is there",
        UnknownReader(_) => "enroll-cert --list shows the readers and their names",
        NoCard => "put the card in, or wait longer for it with --wait TIME",
        NotPiv(_) => "put in a card with the PIV application, or choose another reader with --reader NAME",
        NoCertificate(_) => {
            return (Status::Refused, Some("enroll-cert --list shows the certificates of every card".into()));
        }
        BadCertificate { .. } => "write the certificate into the slot again: yubico-piv-tool -a import-certificate",
        NoKey(_) => "the certificate and the key of the slot do not belong together: write the right certificate there",
        NotAllowed(_) => "touch the card when it asks for it, and try again",
        OtherCard => "put the first card in again",
        Interrupted => return (Status::Interrupted, None),
        NoPin => "give the PIN with --pin-file FILE or --pin-fd N",
        MalformedPin(_) => "no try was used up; give the PIN as it is (that of a PIV card has 6 to 8 characters)",
        WrongPin { .. } => "try again with the right PIN; after the last try it is blocked",
        LastTry => {
            "answer on a terminal, or use --pin-last-try if it is surely right; the PUK resets the counter: yubico-piv-tool -a unblock-pin"
        }
        Blocked => "unblock it with the PUK: yubico-piv-tool -a unblock-pin",
        Removed => "leave the card in until its keys are opened, and start again",
        Busy => "wait for the other program to end, or stop it",
        Silent(_) => "touch the card if it asks for it; take it out and put it in again",
        Nonsense(_) => "take the card out and put it in again",
        MalformedManagementKey(_) => "it has 32, 48 or 64 hexadecimal digits",
        WrongManagementKey => {
            "give the card's own with --management-key-file FILE; a new card's is --management-key-is-factory-default"
        }
        Occupied { .. } => {
            return (
                Status::Refused,
                Some(
                    "choose another --slot; with --force it is replaced, and what was sealed to it opens no more"
                        .into(),
                ),
            );
        }
        NotMade(_) => "choose another --algorithm: p-256, p-384, rsa-2048",
        AgentGone => {
            "it ends with the command that shares its keys, and only what that one started finds it; give -i or --card to go without"
        }
        Token(e) => of_token(e),
    };
    (Status::Card, Some(hint.into()))
}

fn of_token(e: &TokenError) -> &'static str {
    use TokenError::*;
    match e {
        NoModule { .. } => "give the path of the library that came with the device, as /usr/lib/softhsm/libsofthsm2.so",
        NoToken { .. } => "connect it, or give the name of one that is there: pkcs11:MODULE?token=NAME",
        SeveralTokens(_) => "choose one: pkcs11:MODULE?token=NAME, or with &serial=NUMBER",
        WrongPin { .. } => "try again with the right PIN; too many wrong ones block it",
        LastTry(_) => "answer on a terminal if you are sure, or have the token's security officer reset the PIN",
        Blocked(_) => "have the token's security officer reset it: pkcs11-tool --login --login-type so --init-pin",
        UnsetPin(_) => "set it with the tool of the device: pkcs11-tool --login --login-type so --init-pin",
        NoKey { .. } => "choose one that is there: pkcs11:MODULE?token=NAME&id=HEX or &object=LABEL",
        NotForDecryption { .. } => {
            "make a key that may decrypt (RSA) or derive (P-256, P-384), and enroll its certificate"
        }
        Gone(_) => "leave it connected until the end, and start again",
        Failed { .. } => "see what the device's own tool says: pkcs11-tool --module MODULE --login --test",
    }
}
