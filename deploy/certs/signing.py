"""Certificates and revocation lists as values: nothing here reads a file or a clock."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Kind = Literal["service", "device"]
CA_LIFE: Final = timedelta(days=3650)
LIFE: Final = timedelta(days=397)
SKEW: Final = timedelta(minutes=5)
"""Clocks of devices are not exact: a certificate is good this long before it was made."""
LONGEST_NAME: Final = 64
"""Of a common name, in characters: X.520's limit."""


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def authority(key: ec.EllipticCurvePrivateKey, name: str, now: datetime) -> x509.Certificate:
    """A self-signed authority that signs certificates and revocation lists, and no other authorities."""
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ahual"), _common_name(name)])
    usage = _usage(key_cert_sign=True, crl_sign=True)
    builder = _begun(subject, subject, key.public_key(), now, now + CA_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


def certificate(
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    public_key: ec.EllipticCurvePublicKey,
    *,
    name: str,
    kind: Kind,
    hosts: Sequence[str],
    now: datetime,
) -> x509.Certificate:
    """A certificate for `name`: with hosts it can serve under them, and it can always be a client.

    The organisational unit tells a service from a device, so that neither passes for the other.
    """
    ends = min(now + LIFE, issuer.not_valid_after_utc)
    builder = _begun(subject_of(name, kind), issuer.subject, public_key, now, ends)
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(digital_signature=True), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(map(_host, hosts)), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def revocation_list(
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    revoked: Iterable[tuple[int, datetime]],
    *,
    number: int,
    now: datetime,
) -> x509.CertificateRevocationList:
    """A list of revoked serials, good as long as the authority: one that ran out would shut every device out."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now)
        .next_update(issuer.not_valid_after_utc)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    for serial, since in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer_key, hashes.SHA256())


def subject_of(name: str, kind: Kind) -> x509.Name:
    """`CN=name,OU=kind,O=Ahual`; ValueError for a name that is empty or longer than a common name may be."""
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ahual")
    unit = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, kind)
    return x509.Name([organisation, unit, _common_name(name)])


def hosts_of(made: x509.Certificate) -> tuple[str, ...]:
    """The host names and addresses a certificate serves under."""
    try:
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = names.get_values_for_type(x509.IPAddress)
    return (*names.get_values_for_type(x509.DNSName), *(str(address) for address in addresses))


def kind_of(made: x509.Certificate) -> str:
    """`service` or `device`."""
    return str(made.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value)


def name_of(made: x509.Certificate) -> str:
    """The common name."""
    return str(made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _common_name(name: str) -> x509.NameAttribute[str]:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ValueError(name)
    return x509.NameAttribute(NameOID.COMMON_NAME, name)


def _begun(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(ends)
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
