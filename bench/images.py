"""The images: how long they are built from nothing, and what they weigh beside those of other people."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.figures import repeated
from bench.report import Report, Table

ROOT = Path(__file__).resolve().parents[1]
BASE = "debian:bookworm-slim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An image of ours. peer: whose does the same work, with its bytes; ours shall be under half of it."""

    name: str
    device: str
    peer: str = ""
    bytes: float = 0.0


SUBJECTS = (
    Subject(name="morph", device="cpu", peer="face-morph for the processor", bytes=2.65e9),
    Subject(name="morph", device="cuda", peer="face-morph for GPUs", bytes=15.2e9),
    Subject(name="faces", device="cpu", peer="face-organizer", bytes=11.5e9),
    Subject(name="faces", device="cuda", peer="face-organizer", bytes=11.5e9),
    Subject(name="faces-attributes", device="cpu", peer="face-organizer", bytes=11.5e9),
    Subject(name="talking_head", device="cpu", peer="EGSTalker", bytes=10.5e9),
    Subject(name="daemon", device="cpu"),
)


def measure(folder: Path) -> Report:
    """Builds every image without the builder's cache; the base image is there already."""
    rows, verdicts, broken = [], [], []
    for subject in SUBJECTS:
        reference = f"visaged/{subject.name}:bench-{subject.device}"
        (seconds,) = repeated(1, lambda subject=subject, reference=reference: _build(subject, reference))
        size, packed = _size(reference), _packed(reference, folder)
        subprocess.run(["docker", "rmi", "--force", reference], check=True, stdout=subprocess.DEVNULL)
        rows.append(
            (subject.name, subject.device, f"{seconds:.0f}", _mega(size), _mega(packed), *_beside(subject, size))
        )
        if subject.peer:
            says = f"{subject.name} ({subject.device}) is {subject.bytes / size:.1f} times lighter than {subject.peer}"
            verdicts.append(f"{says}; under half was aimed at.")
            if size > subject.bytes / 2:
                broken.append(f"{says}, which is not under half of it")
    columns = ("image", "DEVICE", "built in s", "MB on disk", "MB to fetch", "beside", "MB on disk")
    return Report(
        name="images",
        title="Images",
        about="Each image is built with --no-cache from a base image that is there, packages fetched over the network. "
        f"On disk: all layers, {_mega(_size(BASE))} MB of {BASE} among them. To fetch: `docker save` through gzip -6. "
        "The figures beside were measured of these tools. morph needs no CUDA for GPUs: it draws by OpenGL, and the "
        "driver comes from the machine; faces brings the CUDA libraries that its networks run on. talking_head has "
        "torch's build for processors, whose wheel lies in images/wheels/; EGSTalker's images have 10.5 to 20 GB.",
        tables=(Table(title="Weight and build time", columns=columns, rows=tuple(rows)),),
        verdicts=tuple(verdicts),
        broken=tuple(broken),
    )


def _beside(subject: Subject, size: int) -> tuple[str, str]:
    if not subject.peer:
        return "-", "-"
    return subject.peer, f"{_mega(subject.bytes)} ({size / subject.bytes:.0%})"


def _build(subject: Subject, reference: str) -> None:
    file = f"images/{subject.name}/Dockerfile"
    given = ["--build-arg", f"DEVICE={subject.device}"] if subject.peer else []
    command = ["docker", "build", "--no-cache", "--quiet", "--file", file, "--tag", reference, *given, "."]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _size(reference: str) -> int:
    command = ["docker", "image", "inspect", "--format", "{{.Size}}", reference]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _packed(reference: str, folder: Path) -> int:
    packed = folder / "image.tar.gz"
    with packed.open("wb") as file:
        saving = subprocess.Popen(["docker", "save", reference], stdout=subprocess.PIPE)
        subprocess.run(["gzip", "-6"], stdin=saving.stdout, stdout=file, check=True)
        assert saving.wait() == 0
    return packed.stat().st_size


def _mega(size: float) -> str:
    return f"{size / 1e6:.0f}"
