//! `enroll-cert`: makes a key with its certificate, enrols and removes certificates, shows which could be encrypted to.

use std::process::ExitCode;

use clap::{ArgGroup, Parser};
use vidveil::cli::{self, flags};

/// Make, enrol, check and remove certificates
///
/// With --generate it makes a private key and a certificate for it. The private key stays where it was
/// made; the certificate goes to the machine that records, into the folder of its recipients. With
/// --generate-on-card the key is made on a smart card, and never leaves it. With FILE
/// it enrols a certificate that was made elsewhere: PEM, DER, a chain or PKCS#12. With --check it shows
/// for each certificate whether streams could be encrypted to it now, and when recording would stop.
#[derive(Parser)]
#[command(
    group(ArgGroup::new("what").required(true).args(["generate", "generate_on_card", "check", "remove", "file", "from_card", "list", "from_token"])),
    after_long_help = "Examples:\n  \
        enroll-cert --generate --name \"privacy server\" --key server.key -o certs/server.pem\n  \
        enroll-cert --generate --for signing --name \"archiver gate\" --key archiver.key -o archiver.pem\n  \
        enroll-cert desk.p12 -o certs/desk.pem\n  \
        enroll-cert --list\n  \
        enroll-cert --from-card -o certs/alice.pem\n  \
        enroll-cert --generate-on-card --name alice --algorithm p-384 -o certs/alice.pem\n  \
        enroll-cert --from-token 'pkcs11:/usr/lib/softhsm/libsofthsm2.so?token=hsm' -o certs/server.pem\n  \
        enroll-cert --check certs/ --warn-before 60d\n  \
        enroll-cert --remove certs/desk.pem"
)]
struct Args {
    #[command(flatten)]
    enroll: flags::EnrollFlags,

    #[command(flatten)]
    common: flags::CommonFlags,
}

fn main() -> ExitCode {
    cli::run("enroll-cert", |args: Args, session| vidveil::commands::enroll::run(&args.enroll, session))
}
