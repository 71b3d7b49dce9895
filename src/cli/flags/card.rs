//! The flags of smart cards: which one, and for how long it is waited for.

use std::time::Duration;

use clap::Args;

use crate::base::parse;

/// Which card, and how long to wait for it.
#[derive(Args, Clone, Debug, Default)]
pub struct CardPlaceFlags {
    /// Look only into card readers with NAME in their name
    #[arg(long, value_name = "NAME")]
    pub reader: Option<String>,

    /// Wait TIME for a card, for another program that holds it, and for it to be touched
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse::duration)]
    pub wait: Duration,
}

/// Open with a smart card.
#[derive(Args, Clone, Debug, Default)]
pub struct CardFlags {
    /// Open with the private key on a smart card (PIV)
    ///
    /// The card is found by itself, and so is the slot whose certificate is among those who can open the stream: 9a,
    /// 9c, 9d, 9e and 82 to 95, with RSA, P-256 or P-384. The PIN is asked for on the terminal when the key is needed,
    /// once for all files; the card does one operation for each key session and none for a frame, and forgets the PIN
    /// after each.
    #[arg(long)]
    pub card: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub place: CardPlaceFlags,

    /// Spend the last try for the PIN of --pin-file or --pin-fd, too; when it is wrong, the card is blocked
    #[arg(long, requires = "card")]
    pub pin_last_try: bool,
}
