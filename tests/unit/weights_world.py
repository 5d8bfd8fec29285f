"""A small world of weights: a server that can fail, archives and wheels of it, and a pipeline that needs them."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pipelines.contract import Loose, Pipeline, Publish, Stage, Wanting, Weights

EYES = bytes(range(256)) * 300
MIND = b"mind" * 90_000


@dataclass
class Server:
    """What it has, by path, and what it was asked.

    drops: it ends each answer after so many bytes. status: for all. opens: it answers nobody before.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    drops: int = 0
    status: int = 0
    ranges: bool = True
    opens: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path, wanted = self.path.lstrip("/"), self.headers.get("Range", "")
            server.asked.append((path, wanted))
            server.opens.wait(60)
            whole = server.files.get(path)
            if server.status or whole is None:
                self.send_error(server.status or 404)
                return
            begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and server.ranges else 0
            if begin >= len(whole):
                self.send_error(416)
                return
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(whole) - begin))
            self.end_headers()
            rest = whole[begin:]
            self.wfile.write(rest[: server.drops] if server.drops else rest)

        def log_message(self, *_args):
            pass

    return Handler


@contextmanager
def serving() -> Iterator[Server]:
    """Within, a server answers."""
    server = Server()
    server.opens.set()
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    server.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def weights(name: str, content: bytes, *sources: str, pack: str = "sharp", size: int | None = None) -> Weights:
    return Weights(
        name=name,
        pack=pack,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content) if size is None else size,
        licence="Only on Sundays",
        about="Sees well",
        sources=sources,
    )


def pipeline(*needed: Weights, own_pack=None) -> Pipeline:
    """A pipeline that needs what the option ``pack`` names."""
    return Pipeline(
        name="look",
        version="1",
        stages=(Stage(name="look"),),
        options=dict,
        kinds={},
        principal=(),
        claim=lambda _drop: Wanting("more"),
        loose=Loose.TOGETHER,
        publish=Publish.FOLDER,
        weights=needed,
        needs=lambda options: tuple(one.name for one in needed if one.pack == options.get("pack")),
        own_pack=own_pack,
    )


def zipped(**members: bytes) -> bytes:
    """An archive of these members; two underscores stand for a slash, one for a dot."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return made.getvalue()


def wheel(folder: Path, name: str, **members: bytes) -> None:
    """A wheel in the folder that would end the process if it were imported."""
    folder.mkdir(exist_ok=True)
    record = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('imported')\n")
        archive.writestr(
            f"{record}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: no-such-thing\n"
        )
        archive.writestr(
            f"{record}/WHEEL", "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{record}/RECORD", "")
        for member, content in members.items():
            archive.writestr(f"{name}/{member.replace('_', '.')}", content)
