//! libFuzzer makes up inputs, and looks at which code each of them reaches.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use methods::feed::Servers;

static SERVERS: LazyLock<Servers> = LazyLock::new(|| Servers::start().expect("no servers"));

fuzz_target!(|input: &[u8]| SERVERS.feed(input).expect("no answer"));
