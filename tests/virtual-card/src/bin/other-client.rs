//! Another program that uses the card in the first reader, next to the tested one.
//!
//! `other-client pin-state`: the status word of a VERIFY without PIN in hexadecimal: 9000 verified, 63cN tries left
//! `other-client exclusive|transaction`: prints READY, holds the card so until stdin ends
//! `other-client reset N`: resets the card N times, with a moment in between: without one the daemon loses track of its
//! protocol

use std::ffi::CString;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use pcsc::{Card, Context, Disposition, Error, Protocols, Scope, ShareMode};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("other-client: error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Failure> {
    let context = Context::establish(Scope::User)?;
    let reader = context.list_readers_owned()?.into_iter().next().ok_or("no reader")?;
    match arguments {
        ["pin-state"] => {
            let mut card = connect(&context, &reader, ShareMode::Shared)?;
            let transaction = card.transaction()?;
            let mut room = [0; 512];
            transaction.transmit(b"\x00\xa4\x04\x00\x09\xa0\x00\x00\x03\x08\x00\x00\x10\x00\x00", &mut room)?;
            let answer = transaction.transmit(b"\x00\x20\x00\x80", &mut room)?;
            println!("{}", answer.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        }
        ["exclusive"] => {
            let _card = connect(&context, &reader, ShareMode::Exclusive)?;
            hold()?;
        }
        ["transaction"] => {
            let mut card = connect(&context, &reader, ShareMode::Shared)?;
            let _transaction = card.transaction()?;
            hold()?;
        }
        ["reset", times] => {
            let mut done = 0;
            while done < times.parse::<u32>()? {
                let mut card = connect(&context, &reader, ShareMode::Shared)?;
                // without one, a card in someone's transaction would be reset
                card.transaction()?.end(Disposition::ResetCard).map_err(|(_, error)| error)?;
                done += 1;
                std::thread::sleep(Duration::from_millis(30));
            }
        }
        _ => return Err("pin-state, exclusive, transaction or reset N".into()),
    }
    Ok(())
}

/// The card, as soon as it is free: the daemon takes a moment to notice that a client is gone.
fn connect(context: &Context, reader: &CString, mode: ShareMode) -> Result<Card, Error> {
    for _ in 0..400 {
        match context.connect(reader, mode, Protocols::ANY) {
            Err(Error::SharingViolation | Error::ResetCard | Error::ProtoMismatch) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
    Err(Error::SharingViolation)
}

fn hold() -> Result<(), Failure> {
    println!("READY");
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
