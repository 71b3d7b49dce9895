//! An S3 server over a folder: prints `READY ADDRESS`, and ends with its stdin.
//!
//! `object-server ROOT LOG [--port N] [--page N] [--fail-every N] [--die-at N] [--unconditional 1]`
//!
//! LOG gets a line for each request: its kind, bucket, key and bytes. A folder in ROOT is a bucket, and a file in it an
//! object, whoever put it there. Credentials are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

mod counted;
mod stamp;

use std::io::Read as _;
use std::path::PathBuf;

use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;

use counted::{Counted, Faults};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let mut path = || args.next().map(PathBuf::from).ok_or("object-server ROOT LOG [--port N] ...");
    let (root, log) = (path()?, path()?);
    let (mut port, mut faults) = (0, Faults::default());
    while let Some(flag) = args.next() {
        let value: u64 = args.next().ok_or("a flag has a number")?.parse()?;
        match flag.as_str() {
            "--port" => port = u16::try_from(value)?,
            "--page" => faults.page = Some(i32::try_from(value)?),
            "--fail-every" => faults.fail_every = Some(value),
            "--unconditional" => faults.unconditional = value > 0,
            "--die-at" => faults.die_at = Some(value),
            _ => return Err(format!("no such flag: {flag}").into()),
        }
    }
    let mut service = S3ServiceBuilder::new(Counted::new(&root, &log, faults)?);
    service.set_auth(SimpleAuth::from_single(
        std::env::var("AWS_ACCESS_KEY_ID")?,
        std::env::var("AWS_SECRET_ACCESS_KEY")?,
    ));
    let service = service.build();
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("READY {}", listener.local_addr()?);
    // whoever started it is gone when its stdin is
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    loop {
        let (socket, _) = listener.accept().await?;
        let _ = socket.set_nodelay(true);
        let service = service.clone();
        tokio::spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
