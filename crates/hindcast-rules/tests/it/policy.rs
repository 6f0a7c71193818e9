//! Policies: what is refused, what is asked, what is answered.

mod flaws;
mod judged;
mod replayed;
mod same;
mod tau_bench;
mod told;
