//! Sends calls to a server, one after the other, and prints a line for each answer: its code and
//! its message, or `none` and why there's no answer. `cargo xtask check` compiles it when a server
//! is there to be called, so that the runner itself can do without tonic.
//!
//! Its arguments are a path and a body for each call, the body as gRPC sends it and in hexadecimal
//! digits, and then the address. To call over TLS, first `tls` and the names of four files in the
//! folder that the variable CERTIFICATES names: the authority's certificate, a token to send, a
//! certificate to show, and its key. In place of the token's file there may be `=` and a token.

use std::path::Path;
use std::{env, fs};

use anyhow::Context;
use testing::call::{bytes, name, send_as};
use testing::net::Transport;

#[tokio::main]
pub(crate) async fn main() -> anyhow::Result<()> {
    let mut args: Vec<String> = env::args().skip(1).collect();
    let addr = args.pop().context("no address")?.parse()?;
    let (transport, token, calls) = match &args[..] {
        [tls, authority, token, certificate, key, calls @ ..] if tls == "tls" => {
            let transport = over_tls(&read(authority)?, &read(certificate)?, &read(key)?)?;
            let token = match token.strip_prefix('=') {
                Some(token) => token.to_owned(),
                None => read(token)?,
            };
            (transport, Some(token), calls)
        }
        calls => (Transport::default(), None, calls),
    };
    let channel = transport.connect(addr)?;
    for call in calls.chunks_exact(2) {
        let answer = send_as(token.as_deref(), &channel, &call[0], bytes(&call[1])?).await;
        let answer = match answer {
            Ok(status) => format!("{} {}", name(status.code()), status.message()),
            Err(error) => format!("none {error:#}"),
        };
        println!("{}", answer.replace(['\r', '\n'], " "));
    }
    Ok(())
}

/// The text of the file `name` in the folder of certificates.
fn read(name: &str) -> anyhow::Result<String> {
    let folder = env::var_os("CERTIFICATES").context("CERTIFICATES names no folder")?;
    let path = Path::new(&folder).join(name);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim_end().to_owned())
}

#[cfg(feature = "tls")]
fn over_tls(authority: &str, certificate: &str, key: &str) -> anyhow::Result<Transport> {
    use tonic::transport::{Certificate, ClientTlsConfig, Identity};

    let config = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
    Ok(Transport::tls(config.identity(Identity::from_pem(certificate, key))))
}

#[cfg(not(feature = "tls"))]
fn over_tls(_: &str, _: &str, _: &str) -> anyhow::Result<Transport> {
    anyhow::bail!("this was compiled without the feature `tls`")
}
