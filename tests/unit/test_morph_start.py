"""What a stage of morph loads, and how it holds memory."""

import subprocess
import sys

from pipelines.contract import EXIT_BAD_INPUT, dump
from pipelines.contract.exchange import Request

FAULTS = """
import resource
from pipelines.morph.memory import kept
if {kept}:
    kept()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
size = 24 * 2**20
for _ in range(3):
    one, two = b"1" * size, b"2" * size
    del one, two
before = faults()
for _ in range(5):
    one, two = b"1" * size, b"2" * size
    del one, two
print(faults() - before)
"""


def test_the_stage_starts_without_what_only_tests_need(tmp_path):
    request = Request(job="1", pipeline="morph", name="none", inputs=(), options={"minimal": True})
    (tmp_path / "request.json").write_bytes(dump(request))
    command = [sys.executable, "-X", "importtime", "-m", "pipelines.morph", "morph", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == EXIT_BAD_INPUT
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "pipelines.morph.stage" in loaded
    assert loaded.isdisjoint({"jaxtyping", "asyncio", "unittest", "av", "numpy.ma"})


def test_memory_that_is_freed_is_used_again_without_asking_the_system():
    asked = [
        int(subprocess.check_output([sys.executable, "-c", FAULTS.format(kept=kept)], text=True))
        for kept in (True, False)
    ]
    assert asked[0] < 1000 < asked[1]
