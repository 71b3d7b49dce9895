//! Puts a PIV card into a virtual reader (vsmartcard's vpcd), prints READY once clients of the daemon see it there, and
//! takes it out when it ends. `options` has the list of what it can be given, and of the ways in which it misbehaves.

mod applet;
mod commands;
mod faults;
mod options;
mod slot;
mod visible;

use std::io::Write;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use options::Options;

/// The applet works on the stack.
const STACK: usize = 16 << 20;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("virtual-card: error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let options = Options::parse(std::env::args().skip(1))?;
    let reader = options.reader.clone();
    visible::wait_for_empty(&reader)?;
    let slot = slot::insert(options.port)?;
    let (powered, on_power) = mpsc::channel();
    let card = std::thread::Builder::new().stack_size(STACK).spawn(move || applet::run(options, slot, powered))?;
    on_power.recv_timeout(Duration::from_secs(20)).map_err(|_| "the reader does not take the card")?;
    visible::wait_for_card(&reader)?;
    println!("READY");
    std::io::stdout().flush()?;
    card.join().map_err(|_| "the applet has panicked")?;
    Ok(())
}
