//! What tests are made of: certificates, good and bad, and the lesson's programs with them.

use std::env::{consts::EXE_SUFFIX, current_exe};
use std::fs;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use secure::certificates::{self, PEOPLE};
use secure::pb::product_info_server::ProductInfoServer;
use secure::server::ProductInfoServicer;
use testing::STUCK;
use testing::folder::Folder;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_secure");

/// The program of an example, which Cargo builds together with the tests.
pub fn example(name: &str) -> anyhow::Result<PathBuf> {
    let test = current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("no folder")?;
    let program = folder.join("examples").join(format!("{name}{EXE_SUFFIX}"));
    ensure!(program.is_file(), "there is no {program:?}: `cargo test` without `--test` builds it");
    Ok(program)
}

/// What a certificate is for.
pub const SERVER: ExtendedKeyUsagePurpose = ExtendedKeyUsagePurpose::ServerAuth;
pub const CLIENT: ExtendedKeyUsagePurpose = ExtendedKeyUsagePurpose::ClientAuth;

/// From when to when it's valid, in days from today.
pub const NOW: Range<i32> = -1..1;
pub const PAST: Range<i32> = -2..-1;
pub const FUTURE: Range<i32> = 1..2;

/// A folder of a test's own.
pub fn folder() -> anyhow::Result<Folder> {
    Ok(Folder::within(env!("CARGO_TARGET_TMPDIR"))?)
}

/// Who signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn called(name: &str) -> anyhow::Result<Authority> {
        let mut params = params(name, &[], &NOW)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        Ok(Authority(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?))
    }

    /// A certificate and its key.
    pub fn sign(
        &self,
        name: &str,
        hosts: &[&str],
        purpose: ExtendedKeyUsagePurpose,
        valid: &Range<i32>,
    ) -> anyhow::Result<(String, String)> {
        let mut params = params(name, hosts, valid)?;
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.0)?.pem(), key.serialize_pem()))
    }

    /// The same, as a client has it.
    pub fn identity(
        &self,
        name: &str,
        purpose: ExtendedKeyUsagePurpose,
        valid: &Range<i32>,
    ) -> anyhow::Result<Identity> {
        let (certificate, key) = self.sign(name, &[], purpose, valid)?;
        Ok(Identity::from_pem(certificate, key))
    }

    /// What trusts this authority, and nobody else.
    pub fn trusted(&self) -> ClientTlsConfig {
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(self.0.pem()))
    }

    /// A folder as the lesson has it, whose server has a certificate for `host` that is `valid`
    /// then.
    pub fn folder(&self, host: &str, valid: &Range<i32>) -> anyhow::Result<Folder> {
        let folder = folder()?;
        let path = folder.path();
        fs::write(path.join("authority.pem"), self.0.pem())?;
        write(path, "server", self.sign("server", &[host], SERVER, valid)?)?;
        for name in PEOPLE {
            write(path, name, self.sign(name, &[], CLIENT, &NOW)?)?;
            fs::write(path.join(name).with_extension("token"), format!("{name}'s"))?;
        }
        Ok(folder)
    }
}

fn params(name: &str, hosts: &[&str], valid: &Range<i32>) -> anyhow::Result<CertificateParams> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let hosts: Vec<String> = hosts.iter().map(|&host| host.into()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let day = |n: i32| {
        let (now, time) = (SystemTime::now(), DAY * n.unsigned_abs());
        if n < 0 { now - time } else { now + time }
    };
    params.not_before = day(valid.start).into();
    params.not_after = day(valid.end).into();
    Ok(params)
}

/// Writes a certificate and its key into `folder`, as those of `name`.
pub fn write(
    folder: &Path,
    name: &str,
    (certificate, key): (String, String),
) -> anyhow::Result<()> {
    fs::write(folder.join(name).with_extension("pem"), certificate)?;
    fs::write(folder.join(name).with_extension("key"), key)?;
    Ok(())
}

/// A channel to `addr` over TLS, as `tls` says.
pub fn channel(addr: SocketAddr, tls: ClientTlsConfig) -> anyhow::Result<Channel> {
    Ok(Endpoint::from_shared(format!("https://{addr}"))?.tls_config(tls)?.connect_lazy())
}

/// What the lesson's client trusts.
pub fn trusted() -> anyhow::Result<ClientTlsConfig> {
    certificates::make()?;
    Ok(ClientTlsConfig::new().ca_certificate(certificates::authority()?))
}

/// The servicer, without anything in front of it.
pub fn service() -> ProductInfoServer<ProductInfoServicer> {
    ProductInfoServer::new(ProductInfoServicer::default())
}

/// The lesson's server, with the certificates in `folder`.
pub async fn server(folder: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    testing::program::started(program(["server", "127.0.0.1:0"], folder)).await
}

/// What the lesson's client says to the server at `addr`, with the certificates in `folder`.
pub async fn client(addr: impl ToString, folder: &Path) -> anyhow::Result<Output> {
    output(program(["client", &addr.to_string()], folder)).await
}

/// What the lesson's program says, with the certificates in `folder`.
pub async fn output(mut program: Command) -> anyhow::Result<Output> {
    let program = program.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(timeout(STUCK, program.spawn()?.wait_with_output()).await??)
}

pub fn program<const N: usize>(args: [&str; N], folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).env("CERTIFICATES", folder);
    command
}

/// It has said in one line what is wrong, and nothing else.
pub fn failed(output: Output, expected: &str) -> anyhow::Result<()> {
    let error = String::from_utf8(output.stderr)?;
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert_eq!(String::from_utf8(output.stdout)?, "", "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.starts_with("error: ") && error.contains(expected), "{error}");
    Ok(())
}

/// It has printed what the transcript of the last step has.
pub fn worked(output: Output) -> anyhow::Result<()> {
    assert_eq!(String::from_utf8(output.stderr)?, "");
    let transcript = include_str!("../../transcripts/step8/client.txt");
    assert_eq!(String::from_utf8(output.stdout)?, transcript);
    Ok(())
}

/// The paths of the files in `folder`, in order.
pub fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = entries.collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
