"""What films say of themselves: that they are synthetic, who made them and who agreed, in words and as XMP."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""IPTC's digital source type of pictures that are in part a trained model's and in part a camera's."""
SYNTHETIC = (
    "Synthetic: the person shown did not say this. Their head was drawn by a program (visaged, talking_head) to fit a "
    f"sound, over frames of a real video. Digital source type: {SOURCE}"
)
"""What the films and the receipts say."""
TOOL = "visaged talking_head"
_KIND = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""The box of an MP4 that holds XMP (Adobe's XMP specification, part 3)."""
_NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a film says of itself. made_by, consent: as the user put it; "": nothing is said of it."""

    title: str
    engine: str
    made_by: str = ""
    consent: str = ""

    @property
    def rights(self) -> str:
        """The consent as a sentence that says whose it is."""
        return f"Consent of the person shown: {self.consent}" if self.consent else ""

    @property
    def tags(self) -> dict[str, str]:
        """The same as plain metadata, which every player shows."""
        comment = " ".join(filter(None, (SYNTHETIC, self.rights)))
        told = {"title": self.title, "comment": comment, "artist": self.made_by, "copyright": self.rights}
        return {name: text for name, text in told.items() if text}


def xmp(mark: Mark) -> bytes:
    """The mark as a packet of XMP, which readers of IPTC's metadata understand."""
    names = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in _NAMES.items())
    properties = [
        f"<Iptc4xmpExt:DigitalSourceType>{SOURCE}</Iptc4xmpExt:DigitalSourceType>",
        f"<Iptc4xmpExt:AISystemUsed>{TOOL}, engine {escape(mark.engine)}</Iptc4xmpExt:AISystemUsed>",
        f"<xmp:CreatorTool>{TOOL}</xmp:CreatorTool>",
        _said("dc:title", mark.title),
        _said("dc:description", SYNTHETIC),
        _said("xmpRights:UsageTerms", mark.rights),
        f"<dc:creator><rdf:Seq><rdf:li>{escape(mark.made_by)}</rdf:li></rdf:Seq></dc:creator>" if mark.made_by else "",
    ]
    text = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {names}><rdf:Description rdf:about="">'
        f"{''.join(properties)}</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="r"?>'
    )
    return text.encode("utf-8", "replace")


def _said(name: str, text: str) -> str:
    return f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(text)}</rdf:li></rdf:Alt></{name}>' if text else ""


def stamped(path: Path, mark: Mark) -> None:
    """Afterwards the MP4 ends in a box with the mark as XMP; what does not know such boxes passes over it."""
    packet = xmp(mark)
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 8 + len(_KIND) + len(packet), b"uuid") + _KIND + packet)
