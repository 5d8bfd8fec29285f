"""What films say of themselves: players open them as before, readers of XMP find it, and a signature tells a change."""
# ruff: noqa: PLC0415 - what signs is not everywhere

import datetime as dt
import json
import xml.etree.ElementTree as ET

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import reserved
from pipelines.contract import Unready
from pipelines.talking_head import PIPELINE, Options
from pipelines.talking_head.marks import SOURCE, Mark, stamped, xmp
from pipelines.talking_head.signing import signature, signed
from tests.unit.talking_world import decoded, film, tone

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
DC = "{http://purl.org/dc/elements/1.1/}"
RIGHTS = "{http://ns.adobe.com/xap/1.0/rights/}"
MARK = Mark(title="hello", engine="egstalker", made_by="Studio <Nord> & Co", consent="Anna agreed in writing")
KIND = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")


def boxes(path):
    """The boxes of an MP4, outermost alone: kind and content."""
    content, at = path.read_bytes(), 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4])
        yield content[at + 4 : at + 8], content[at + 8 : at + size]
        at += size


def told(packet):
    """The properties of a packet of XMP by their names."""
    (about,) = ET.fromstring(packet.decode().split("?>", 1)[1].rsplit("<?", 1)[0]).iter(f"{RDF}Description")
    return {one.tag: "".join(one.itertext()) for one in about}


@pytest.fixture
def movie(tmp_path):
    pictures = [np.full((64, 64, 3), level, dtype=np.uint8) for level in (30, 90, 200)]
    return film(tmp_path / "movie.mp4", pictures, sound=tone(0.12))


def test_a_stamped_film_says_in_xmp_what_it_is_and_plays_as_before(movie):
    before = decoded(movie)
    stamped(movie, MARK)
    *_, (kind, content) = boxes(movie)
    assert (kind, content[:16]) == (b"uuid", KIND)
    found = told(content[16:])
    assert found[f"{IPTC}DigitalSourceType"] == SOURCE
    assert found[f"{DC}creator"] == "Studio <Nord> & Co"
    assert found[f"{RIGHTS}UsageTerms"] == "Consent of the person shown: Anna agreed in writing"
    assert np.array_equal(decoded(movie), before)
    with av.open(str(movie)) as container:
        assert container.streams.audio[0].duration


def test_what_nobody_said_is_not_in_it():
    found = told(xmp(Mark(title="hello", engine="ernerf")))
    assert f"{DC}creator" not in found
    assert f"{RIGHTS}UsageTerms" not in found


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_whatever_a_film_is_called_its_xmp_can_be_read(name):
    assert told(xmp(Mark(title=name, engine="ernerf"))).get(f"{DC}title", "") == name


@pytest.mark.parametrize(
    "given", [{"consent": "a\nb"}, {"made_by": "x" * 301}, {"credentials": "keys"}], ids=lambda given: next(iter(given))
)
def test_what_cannot_be_written_into_a_film_is_refused_by_name(given):
    with pytest.raises(ValueError, match=next(iter(given))):
        Options(**given)


def test_a_manifest_says_who_agreed_and_cannot_take_the_mark_away():
    assert reserved(PIPELINE, {"consent": "Anna"}) is None
    assert "synthetic_mark" in (reserved(PIPELINE, {"synthetic_mark": False}) or "")
    assert "a manifest cannot change it" in (reserved(PIPELINE, {"credentials": ""}) or "")


# ---------------------------------------------------------------- signed


@pytest.fixture
def credentials(tmp_path):
    """A folder with a certificate of somebody's, issued by somebody else, and its key."""
    pytest.importorskip("c2pa", reason="c2pa-python is not installed (visaged[talking_head-signed])")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def issued(name, key, by, more):
        day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        subject, issuer = (x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, one)]) for one in (name, "Issuer"))
        made = x509.CertificateBuilder(issuer, subject, key.public_key(), 7, day, day.replace(year=2090))
        for one, critical in more:
            made = made.add_extension(one, critical)
        return made.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def usage(*, signs):
        names = (
            "content_commitment key_encipherment data_encipherment key_agreement crl_sign encipher_only decipher_only"
        )
        return x509.KeyUsage(digital_signature=signs, key_cert_sign=not signs, **dict.fromkeys(names.split(), False))

    root, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ours = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage(signs=True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "certificate.pem").write_bytes(issued("Studio Nord", key, root, ours))
    form = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(*form))
    return folder


def read(path):
    import c2pa

    with c2pa.Reader(str(path)) as reader:
        return json.loads(reader.json())


def test_a_signed_film_says_who_signed_it_and_plays_as_before(movie, credentials, tmp_path):
    stamped(movie, MARK)
    signed(movie, tmp_path / "signed.mp4", MARK, signature(str(credentials)))
    found = read(tmp_path / "signed.mp4")
    assert found["validation_state"] == "Valid"
    manifest = found["manifests"][found["active_manifest"]]
    assert manifest["signature_info"]["issuer"] == "Studio Nord"
    assert SOURCE in json.dumps(manifest["assertions"])
    assert np.array_equal(decoded(tmp_path / "signed.mp4"), decoded(movie))


def test_a_signature_tells_that_a_film_was_changed(movie, credentials, tmp_path):
    stamped(movie, MARK)
    signed(movie, tmp_path / "signed.mp4", MARK, signature(str(credentials)))
    changed = tmp_path / "changed.mp4"
    changed.write_bytes((tmp_path / "signed.mp4").read_bytes().replace(b"Anna agreed", b"Anna forbad"))
    assert read(changed)["validation_state"] == "Invalid"


def test_credentials_that_cannot_sign_are_refused_before_any_work(credentials):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    other = ec.generate_private_key(ec.SECP256R1())
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (credentials / "key.pem").write_bytes(other.private_bytes(*form))
    with pytest.raises(Unready, match="does not match"):
        signature(str(credentials))
    (credentials / "key.pem").unlink()
    with pytest.raises(Unready, match=r"does not hold a readable certificate\.pem and key\.pem"):
        signature(str(credentials))


def test_without_credentials_nothing_is_signed():
    assert signature("") is None
