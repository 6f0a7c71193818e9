//! Questions of a small shop, as many as wanted, of kinds that are known.

use hindcast_text::{Reading, Text};

/// A kind of question: its name, and ways to ask it.
pub struct Kind {
    pub name: &'static str,
    ways: &'static [&'static str],
}

pub const CARD: Kind = Kind {
    name: "card_arrival",
    ways: &[
        "where is my new card",
        "my card has not arrived in the mail yet",
        "how long until the new card arrives",
        "I am still waiting for my card to arrive",
        "has my new card been mailed",
    ],
};
pub const FEE: Kind = Kind {
    name: "fee",
    ways: &[
        "why was I charged a fee for the withdrawal",
        "there is a withdrawal fee on my statement",
        "you charged a fee when I took out cash",
        "what is this fee for taking out cash",
        "please explain the fee I was charged",
    ],
};
pub const PASSWORD: Kind = Kind {
    name: "password",
    ways: &[
        "I forgot my password and cannot log in",
        "how do I reset the password",
        "the password reset link does not work",
        "log in fails after the password reset",
        "please help me log in, password forgotten",
    ],
};
pub const BOAT: Kind = Kind {
    name: "boat",
    ways: &[
        "can you insure my sailing boat",
        "I need insurance for a boat",
        "does the insurance cover sailing boats",
        "what would boat insurance cost",
        "insure a boat in the harbour",
    ],
};
pub const KARTE: Kind = Kind {
    name: "karte",
    ways: &[
        "wo bleibt meine neue Karte",
        "meine Karte ist noch nicht angekommen",
        "wann kommt die bestellte Karte an",
        "ich warte noch immer auf meine Karte",
    ],
};

impl Kind {
    /// The `at`th question of this kind; no two of the first few hundred are the same.
    pub fn ask(&self, at: usize) -> String {
        const OPENINGS: [&str; 6] =
            ["", "hello, ", "hi there, ", "good morning, ", "sorry, ", "quick question: "];
        const ENDS: [&str; 5] = ["", " please", " thank you", " it is urgent", " thanks a lot"];
        let way = self.ways[at % self.ways.len()];
        let rest = at / self.ways.len();
        format!(
            "{}{way}{} ref{}",
            OPENINGS[rest % OPENINGS.len()],
            ENDS[rest / OPENINGS.len() % ENDS.len()],
            at % 41
        )
    }
}

/// Reads texts that were written an hour apart.
pub fn reading(texts: &[String]) -> Reading {
    const HOUR: i64 = 3_600_000_000;
    let texts = texts.iter().enumerate();
    Reading::of(texts.map(|(at, text)| Text { text, at_micros: at as i64 * HOUR })).expect("read")
}
