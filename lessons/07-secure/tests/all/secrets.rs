//! Nothing secret is printed, whatever happens, and however much is printed.

use std::fmt::{self, Write};
use std::fs;
use std::future::pending;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use secure::caller::{Caller, Callers};
use secure::token::{KEY, Token};
use secure::{certificates, client, server};
use testing::alone::alone;
use testing::net;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::made;

/// What must not be printed: of each key and token in `folder`, a part that is nowhere else.
fn secrets(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut secrets = Vec::new();
    for file in made::files(folder)? {
        let text = fs::read_to_string(&file)?;
        match file.extension().and_then(|it| it.to_str()) {
            Some("token") => secrets.push(text),
            Some("key") => secrets.extend(text.lines().nth(2).map(str::to_owned)),
            _ => {}
        }
    }
    assert_eq!(secrets.len(), 5);
    Ok(secrets)
}

fn is_clean(printed: &str, folder: &Path) -> anyhow::Result<()> {
    for secret in secrets(folder)? {
        assert!(!printed.contains(&secret), "{secret} is in {printed}");
    }
    Ok(())
}

#[test]
fn a_token_does_not_print_itself() -> anyhow::Result<()> {
    certificates::make()?;
    let token = Token::of("ada")?;
    assert_eq!(format!("{token:?} {token:#?}"), "Token(secret) Token(secret)");
    let mut request = tonic::Request::new(());
    request = tonic::service::Interceptor::call(&mut token.clone(), request)?;
    is_clean(&format!("{request:?}"), &certificates::folder())
}

#[test]
fn no_method_gets_a_token() -> anyhow::Result<()> {
    certificates::make()?;
    let mut request = tonic::Request::new(());
    let token = format!("Bearer {}", certificates::read("ada.token")?);
    request.metadata_mut().insert(KEY, token.parse()?);
    let request = tonic::service::Interceptor::call(&mut Callers::load()?, request)?;
    assert_eq!(Caller::of(&request)?, Caller("ada"));
    is_clean(&format!("{request:?}"), &certificates::folder())
}

#[tokio::test]
async fn the_programs_print_none() -> anyhow::Result<()> {
    let folder = made::folder()?;
    let path = folder.path().join("certificates");
    let (server, addr) = made::server(&path).await?;
    let mut outputs =
        vec![made::client(addr, &path).await?, made::client("127.0.0.1:1", &path).await?];
    // Files that aren't certificates, keys or tokens of theirs.
    for file in ["authority.pem", "ada.pem", "ada.key", "ada.token"] {
        let text = fs::read_to_string(path.join(file))?;
        fs::write(path.join(file), fs::read_to_string(path.join("grace.key"))? + "\n\u{7f}")?;
        outputs.push(made::client(addr, &path).await?);
        fs::write(path.join(file), text)?;
    }
    assert!(outputs[0].status.success() && !outputs[1].status.success());
    #[cfg(unix)]
    testing::program::ctrl_c(&server)?;
    #[cfg(not(unix))]
    let server = {
        let mut server = server;
        server.start_kill()?;
        server
    };
    outputs.push(server.wait_with_output().await?);
    for output in outputs {
        is_clean(&String::from_utf8(output.stdout)?, &path)?;
        is_clean(&String::from_utf8(output.stderr)?, &path)?;
    }
    Ok(())
}

/// All that anybody has logged.
static LOGGED: Mutex<String> = Mutex::new(String::new());

fn log(line: impl fmt::Display) {
    _ = writeln!(LOGGED.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
}

/// Takes everything, of every level.
struct All;

impl Subscriber for All {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        log(format_args!("{span:?}"));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        log(format_args!("{values:?}"));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        log(format_args!("{event:?}"));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl log::Log for All {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        log(format_args!("{record:?}"));
    }
    fn flush(&self) {}
}

#[test]
fn nobody_logs_any() -> anyhow::Result<()> {
    alone("secrets::nobody_logs_any", async || {
        tracing::subscriber::set_global_default(All)?;
        log::set_logger(&All).map_err(|error| anyhow::anyhow!("{error}"))?;
        log::set_max_level(log::LevelFilter::Trace);
        certificates::make()?;
        let (incoming, _) = net::listen().await?;
        let addr = incoming.local_addr()?;
        tokio::spawn(server::run(incoming, pending()));
        client::run(&addr.to_string()).await?;

        let logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
        // HTTP/2 and TLS do log.
        for target in ["h2::", "rustls::"] {
            assert!(logged.contains(target), "nothing is logged by {target}");
        }
        is_clean(&logged, &certificates::folder())
    })
}
