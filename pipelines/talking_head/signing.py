"""Content credentials (C2PA): what a film says of itself, signed by the user's certificate, so that a change shows."""
# ruff: noqa: PLC0415 - who does not sign needs none of this

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipelines.contract import Unready
from pipelines.talking_head.marks import SOURCE, TOOL, Mark

CERTIFICATE, KEY = "certificate.pem", "key.pem"
CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
"""Curves of elliptic keys, and what C2PA calls a signature by them."""
WRONG = "Films are to be signed (credentials in config.toml), but {what}. Nothing is made until that is mended."
DOT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
"""A picture of one black pixel, which is signed to see whether signing works."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What films are signed with: a chain of certificates and its key, both PEM, and C2PA's name of the method."""

    chain: bytes
    key: bytes
    method: str


def signature(folder: str) -> Signature | None:
    """What the folder says that films are signed with; None where none is configured.

    Raises Unready, in plain words, where it cannot be used: that is to be found before hours of work, not after.
    """
    if not folder:
        return None
    if find_spec("c2pa") is None:
        raise Unready(WRONG.format(what="c2pa-python is not installed (pip install 'visaged[talking_head-signed]')"))
    try:
        chain, key = (Path(folder, name).read_bytes() for name in (CERTIFICATE, KEY))
    except OSError as error:
        where = f"{folder} does not hold a readable {CERTIFICATE} and {KEY} ({error.strerror})"
        raise Unready(WRONG.format(what=where)) from None
    found = _known(chain, key)
    if why := _trouble(found):
        raise Unready(WRONG.format(what=f"the certificate or its key in {folder} cannot be used: {why}"))
    return found


def signed(path: Path, into: Path, mark: Mark, by: Signature) -> None:
    """Afterwards into is the MP4 of path with a signed manifest, which says what XMP says too. No network is used."""
    import c2pa

    with _signer(by) as signer, c2pa.Builder(json.dumps(manifest(mark))) as builder:
        builder.sign_file(str(path), str(into), signer)


def manifest(mark: Mark) -> dict[str, Any]:
    """What is signed, as C2PA spells it."""
    made = {
        "action": "c2pa.created",
        "digitalSourceType": SOURCE,
        "softwareAgent": {"name": f"{TOOL}, engine {mark.engine}"},
    }
    return {
        "claim_generator_info": [{"name": "visaged"}],
        "title": mark.title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [made]}}],
    }


def _known(chain: bytes, key: bytes) -> Signature:
    """The signature by that key, of whatever kind it is."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    try:
        loaded = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise Unready(WRONG.format(what=f"{KEY} is no private key without a password ({error})")) from None
    match loaded:
        case ec.EllipticCurvePrivateKey() if loaded.curve.name in CURVES:
            method = CURVES[loaded.curve.name]
        case ed25519.Ed25519PrivateKey():
            method = "ed25519"
        case rsa.RSAPrivateKey():
            method = "ps256"
        case _:
            raise Unready(WRONG.format(what=f"C2PA knows no signature by the kind of key that {KEY} is"))
    plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return Signature(chain, loaded.private_bytes(*plain), method)


def _trouble(by: Signature) -> str | None:
    """Why nothing can be signed by that, or None: tried out, because there is much that a certificate may lack."""
    import c2pa

    try:
        with _signer(by) as signer, c2pa.Builder(json.dumps(manifest(Mark(title="", engine="")))) as builder:
            builder.sign(signer, "image/png", io.BytesIO(DOT), io.BytesIO())
    except c2pa.C2paError as error:
        return str(error)
    return None


def _signer(by: Signature) -> Any:
    import c2pa

    info = c2pa.C2paSignerInfo(alg=by.method.encode(), sign_cert=by.chain, private_key=by.key, ta_url=None)
    return c2pa.Signer.from_info(info)
