"""Certificates, keys and tokens: the first server makes some, in the folder that both sides find."""

import os
import secrets
import shutil
import sys
import time
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Who gets a token, and a certificate that says the name.
PEOPLE = ("ada", "grace")

# Where a server is that has the certificate. A client connects to one of these names, or not at all.
HOSTS = [x509.DNSName("localhost")] + [
    x509.IPAddress(ip_address(host)) for host in ("127.0.0.1", "::1")
]

# How long a certificate is valid. A server makes new ones after half of that time, and so has the
# other half to run.
VALID = timedelta(days=60)

# Git commits nothing of a folder in which a file of this name says so. And a folder that has it is
# one that a lesson has made: nobody else's certificates are ever replaced.
OURS = ".gitignore"

# Where they are: the folder that the environment variable `CERTIFICATES` names, or `certificates` in
# the folder of the lesson.
FOLDER = Path(os.environ.get("CERTIFICATES") or Path(__file__).parent.parent / "certificates")


def read(file: str) -> bytes:
    """The text of a file in the folder. If there is none, that is the end: only a server makes
    them."""
    try:
        return (FOLDER / file).read_bytes()
    except OSError as error:
        path = FOLDER / file
        sys.exit(f"error: cannot read {path} (start the server first: it makes them): {error}")


def make() -> None:
    """Makes all of them, unless they are there already."""
    if is_usable():
        return
    # Complete before it gets its name: nobody ever sees half of it.
    new = FOLDER.with_suffix(f".new-{secrets.token_hex(8)}")
    try:
        make_in(new)
        put_in_place(new)
    except OSError as error:
        why = "`CERTIFICATES` can name another folder"
        sys.exit(f"error: cannot make certificates in {FOLDER} ({why}): {error}")
    finally:
        shutil.rmtree(new, ignore_errors=True)


def is_usable() -> bool:
    """Whether there are certificates which have some of their time left."""
    return (FOLDER / "authority.pem").exists() and not is_old()


def is_old() -> bool:
    try:
        return time.time() - (FOLDER / OURS).stat().st_mtime > VALID.total_seconds() / 2
    except OSError:
        return False


def put_in_place(new: Path) -> None:
    if is_old():
        old = new.with_suffix(".old")
        try:
            FOLDER.rename(old)
        except OSError:
            pass  # Another server was faster.
        else:
            shutil.rmtree(old)
    try:
        new.rename(FOLDER)
    except OSError:
        # Another server was faster. Its certificates are as good as ours.
        if not is_usable():
            raise


def make_in(folder: Path) -> None:
    """Makes an authority, and what it signs. Its key ends with this function."""
    authority = ec.generate_private_key(ec.SECP256R1())
    subject = name("the authority of lesson 7")
    certificate = (
        begin(subject, subject, authority)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )

    folder.mkdir(mode=0o700, parents=True)
    write(folder / OURS, b"*\n")
    write(folder / "authority.pem", certificate.public_bytes(serialization.Encoding.PEM))
    leaves = [("server", HOSTS, ExtendedKeyUsageOID.SERVER_AUTH)]
    leaves += [(person, [], ExtendedKeyUsageOID.CLIENT_AUTH) for person in PEOPLE]
    for owner, hosts, purpose in leaves:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = begin(name(owner), subject, key).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
            critical=False,
        )
        leaf = leaf.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if hosts:
            leaf = leaf.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        signed = leaf.sign(authority, hashes.SHA256())
        write(folder / f"{owner}.key", private_bytes(key))
        write(folder / f"{owner}.pem", signed.public_bytes(serialization.Encoding.PEM))
    for person in PEOPLE:
        write(folder / f"{person}.token", secrets.token_hex(32).encode())


def name(owner: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, owner)])


def begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """What every certificate says: whose it is, and from when to when it's valid."""
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def write(path: Path, text: bytes) -> None:
    """Writes a file that only its owner can read, from the first moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
