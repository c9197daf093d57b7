//! Certificates, keys and tokens. They are secrets, so a course can't come with them: the first
//! server makes some, on your machine, in a folder that both sides find.

use anyhow::{Context, bail};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use ring::rand::{SecureRandom, SystemRandom};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{env, fs, io};
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
use tonic::transport::{Certificate, Identity};

/// Who gets a token, and a certificate that says the name.
pub const PEOPLE: [&str; 2] = ["ada", "grace"];

/// Where a server is that has the certificate. A client connects to one of these names, or not at
/// all.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// How long a certificate is valid. A server makes new ones after half of that time, and so has the
/// other half to run.
const VALID: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// A file of this name lets Git commit nothing of the folder.
const IGNORE: &str = ".gitignore";

/// And this text in it tells our folders from others: no folder of somebody else is ever replaced.
const OURS: &str = "# From the server of lesson 7, which makes it again when it's old.\n*\n";

/// Where they are: the folder that the environment variable `CERTIFICATES` names, or `certificates`
/// in the folder of this crate.
pub fn folder() -> PathBuf {
    let named = env::var_os("CERTIFICATES").filter(|name| !name.is_empty());
    named.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/certificates").into()).into()
}

/// The text of a file in the folder. Fails if there is none: only a server makes them.
pub fn read(file: &str) -> anyhow::Result<String> {
    let path = folder().join(file);
    fs::read_to_string(&path).with_context(|| {
        format!("cannot read {} (start the server first: it makes them)", path.display())
    })
}

/// The certificate of the authority, which has signed all others.
pub fn authority() -> anyhow::Result<Certificate> {
    Ok(Certificate::from_pem(read("authority.pem")?))
}

/// The certificate of `server`, or of one of the `PEOPLE`, and the key that belongs to it.
pub fn identity(name: &str) -> anyhow::Result<Identity> {
    Ok(Identity::from_pem(read(&format!("{name}.pem"))?, read(&format!("{name}.key"))?))
}

/// A certificate in the bytes in which TLS shows it.
pub fn certificate(name: &str) -> anyhow::Result<CertificateDer<'static>> {
    Ok(CertificateDer::from_pem_slice(read(&format!("{name}.pem"))?.as_bytes())?)
}

/// Makes all of them, unless they are there already.
pub fn make() -> anyhow::Result<()> {
    let folder = folder();
    if is_usable(&folder) {
        return Ok(());
    }
    make_as(&folder).with_context(|| {
        let folder = folder.display();
        format!("cannot make certificates in {folder} (`CERTIFICATES` can name another folder)")
    })
}

fn make_as(folder: &Path) -> anyhow::Result<()> {
    // Complete before it gets its name: nobody ever sees half of it.
    let new = folder.with_extension(format!("new-{}", &random()?[..16]));
    make_folder(&new)?;
    let made = make_in(&new).and_then(|()| put_in_place(&new, folder));
    if made.is_err() {
        fs::remove_dir_all(&new)?;
    }
    made
}

/// Whether there are certificates which have some of their time left.
fn is_usable(folder: &Path) -> bool {
    folder.join("authority.pem").exists() && !is_old(folder)
}

fn is_old(folder: &Path) -> bool {
    let ignore = folder.join(IGNORE);
    let made = fs::metadata(&ignore).and_then(|file| file.modified());
    let age = made.ok().and_then(|made| made.elapsed().ok());
    age.is_some_and(|age| age > VALID / 2)
        && fs::read_to_string(ignore).is_ok_and(|text| text == OURS)
}

fn put_in_place(new: &Path, folder: &Path) -> anyhow::Result<()> {
    let old = new.with_extension("old");
    if is_old(folder) && fs::rename(folder, &old).is_ok() {
        for file in fs::read_dir(new)? {
            fs::remove_file(old.join(file?.file_name()))?;
        }
        // If there is something else in it, it stays.
        _ = fs::remove_dir(&old);
    }
    match fs::rename(new, folder) {
        // Another server was faster. Its certificates are as good as ours.
        Err(_) if is_usable(folder) => fs::remove_dir_all(new)?,
        Err(error) => bail!(error),
        Ok(()) => {}
    }
    Ok(())
}

/// Makes an authority, and what it signs. Its key ends with this function, and so nobody will ever
/// sign anything else with it.
fn make_in(folder: &Path) -> anyhow::Result<()> {
    let mut params = params("the authority of lesson 7", &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    write(&folder.join(IGNORE), OURS)?;
    write(&folder.join("authority.pem"), &authority.pem())?;
    let sign = |name: &str, hosts: &[&str], purpose| {
        let mut params = self::params(name, hosts)?;
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        write(&folder.join(name).with_extension("key"), &key.serialize_pem())?;
        let certificate = params.signed_by(&key, &authority)?;
        write(&folder.join(name).with_extension("pem"), &certificate.pem())
    };
    sign("server", &HOSTS, ExtendedKeyUsagePurpose::ServerAuth)?;
    for name in PEOPLE {
        sign(name, &[], ExtendedKeyUsagePurpose::ClientAuth)?;
        write(&folder.join(name).with_extension("token"), &random()?)?;
    }
    Ok(())
}

/// What every certificate says: whose it is, and from when to when it's valid.
fn params(name: &str, hosts: &[&str]) -> anyhow::Result<CertificateParams> {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.into()).collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = Default::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = SystemTime::now().into();
    params.not_after = params.not_before + VALID;
    Ok(params)
}

/// 32 bytes that nobody can guess, in hexadecimal digits.
fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok().context("the system has no random numbers")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Makes a folder that wasn't there, into which only its owner can look, from the first moment.
fn make_folder(path: &Path) -> io::Result<()> {
    if let Some(around) = path.parent() {
        fs::create_dir_all(around)?;
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(false);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a file that only its owner can read, from the first moment.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(options.open(path)?.write_all(text.as_bytes())?)
}
