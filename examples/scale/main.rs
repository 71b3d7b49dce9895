//! What `man/vidveil-scale.7` says of many cameras: sums of measured figures, and two simulations. The page's tables
//! are this program's output, which `tests/house/scale.rs` compares.
//!
//!     cargo run --release --example scale
//!     cargo run --release --example scale -- --cameras 2000 --mbit 6 --days 14

mod simulate;
mod sums;

use clap::Parser;

/// Show what many cameras need, from measured figures
#[derive(Parser)]
struct Args {
    /// How many cameras the last column is for
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    cameras: u64,

    /// Mbit/s of a camera
    #[arg(long, default_value_t = 4.0)]
    mbit: f64,

    /// Days that a recording is kept
    #[arg(long, default_value_t = 30.0)]
    days: f64,

    /// Sums only
    #[arg(long)]
    no_simulation: bool,
}

fn main() {
    let args = Args::parse();
    let site = sums::Site { mbit: args.mbit, days: args.days };
    println!("{}", sums::tables(&site, &[1, 1000, args.cameras]));
    if !args.no_simulation {
        let segments = simulate::segments();
        println!("{}\n{}", simulate::balance(&segments), simulate::nodes(&segments));
    }
}
