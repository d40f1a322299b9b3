"""A certificate for the hosts that the proxy answers for, signed by itself.

Clients are told not to verify it (SC_TLS_VERIFY=0). It is made at the first start and kept.
"""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_DAYS = 365


def server_context(folder: Path, hosts: Sequence[str]) -> ssl.SSLContext:
    """A TLS context for `hosts`, with the certificate in `folder`, made if there is none."""
    file = folder / "certificate.pem"
    if not _serves(file, hosts):
        folder.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(".certificate.pem")
        partial.touch(mode=0o600)
        partial.write_bytes(_mint(hosts))
        partial.replace(file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _serves(file: Path, hosts: Sequence[str]) -> bool:
    """Is there a certificate that names all hosts and holds for another day?"""
    if not file.exists():
        return False
    held = x509.load_pem_x509_certificate(file.read_bytes())
    names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    is_named = set(hosts) <= set(names.get_values_for_type(x509.DNSName))
    return is_named and held.not_valid_after_utc > tomorrow


def _mint(hosts: Sequence[str]) -> bytes:
    """Key and certificate as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "library-sync sandbox")])
    names = [x509.DNSName(host) for host in hosts]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return secret + certificate.public_bytes(serialization.Encoding.PEM)
