# The commands to remember.

export CARGO_TARGET_DIR := env("CARGO_TARGET_DIR", env("HOME") / ".cache/hindcast/target")

# What CI runs, no more, no less.
check:
    ./test

# Format, lints and the tests of all crates.
test:
    ./test quick

# A server with a year of a support workspace in it.
run:
    cargo run --release -- demo

# Accepts changed snapshots.
bless:
    INSTA_UPDATE=always HINDCAST_BLESS=1 cargo test --workspace
