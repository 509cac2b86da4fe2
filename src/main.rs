//! Command line of Latchkey.

fn main() {}
