//! The program `call`, for TLS. It has a name of its own, so that two checks at once, of a lesson with TLS
//! and of one without, don't put theirs into the same place.

#[path = "call.rs"]
mod call;

fn main() -> anyhow::Result<()> {
    call::main()
}
