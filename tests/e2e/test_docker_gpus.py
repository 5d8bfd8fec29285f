"""Requests for GPUs on a real engine that has none: a stand-in for NVIDIA's hook accepts them, and NVML sees two."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from daemon.model import Status
from tests.containers import PrivateEngine, configured, have_image, inspect, ours, stages

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(not shutil.which("cc"), reason="a C compiler makes the driver library of this test"),
]
NVML = r"""
#include <string.h>
typedef struct { unsigned long long total, free, used; } Memory;
static long gpu[2] = {0, 1};
int nvmlInit_v2(void) { return 0; }
int nvmlInitWithFlags(unsigned flags) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { strcpy(text, "575.1"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = &gpu[index]; return 0; }
int nvmlDeviceGetUUID(void *device, char *text, unsigned size) {
  strcpy(text, device == &gpu[0] ? "GPU-pretend-0" : "GPU-pretend-1"); return 0; }
int nvmlDeviceGetName(void *device, char *text, unsigned size) { strcpy(text, "Pretend"); return 0; }
int nvmlDeviceGetMemoryInfo(void *device, Memory *memory) { memory->total = 24000000000ull; return 0; }
int nvmlDeviceGetMigMode(void *device, unsigned *now, unsigned *next) { return 3; }
"""


@pytest.fixture(autouse=True)
def driver(tmp_path, monkeypatch):
    """A driver library that says that there are two GPUs."""
    (tmp_path / "nvml.c").write_text(NVML)
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "nvml.c"], check=True)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))


def started(*, hooks):
    have_image()
    engine = PrivateEngine(Path(tempfile.mkdtemp(prefix="vg-")), hooks=hooks)
    engine.start()
    engine.load()
    return engine


@pytest.fixture(scope="module")
def with_runtime():
    engine = started(hooks=True)
    yield engine
    engine.end()


@pytest.fixture(scope="module")
def without_runtime():
    engine = started(hooks=False)
    yield engine
    engine.end()


def configure(place, engine, pipeline, sleep):
    rest = f'[docker]\naddress = "{engine.host}"\n{configured(pipeline)}sleep = {sleep}\n'
    place.configure(daemon='runner = "docker"\nslots = 4', rest=rest)


def given(place, engine):
    """The GPUs that each container asked for."""
    names = stages(place.root / "work", engine.host)
    requests = [inspect(name, engine.host)["HostConfig"]["DeviceRequests"] for name in names]
    assert all(len(request) == 1 and request[0]["Count"] == 0 for request in requests)
    return sorted(uuid for request in requests for uuid in request[0]["DeviceIDs"])


def test_two_jobs_get_a_gpu_each_and_the_third_waits_for_one(place, with_runtime):
    configure(place, with_runtime, "likes_gpu", 4.0)
    for name in ("a", "b", "c"):
        place.drop(f"likes_gpu/{name}.noop", name)
    place.start()
    place.wait_for(lambda: len(given(place, with_runtime)) == 2)
    assert given(place, with_runtime) == ["GPU-pretend-0", "GPU-pretend-1"]
    assert sorted(job.status for job in place.jobs()) == [Status.QUEUED, Status.RUNNING, Status.RUNNING]
    place.wait_for(lambda: [job.status for job in place.jobs()] == [Status.DONE] * 3, 60)
    slots = [attempt.slot.gpus for job in place.jobs() for attempt in place.attempts(job)]
    assert len(slots) == 3
    assert {uuid for gpus in slots for uuid in gpus} == {"GPU-pretend-0", "GPU-pretend-1"}
    place.wait_for(lambda: ours(place.root / "work", with_runtime.host) == [])


def test_where_the_engine_gives_no_gpu_a_stage_that_can_do_without_takes_the_processor(place, without_runtime):
    configure(place, without_runtime, "likes_gpu", 0.1)
    place.drop("likes_gpu/a.noop", "a")
    ran = place.visaged("run", "--once")
    assert ran.returncode == 0, ran.stderr
    (job,) = place.jobs()
    assert place.attempts(job)[-1].slot.gpus == ()
    assert not any(attempt.burns for attempt in place.attempts(job)[:-1])


def test_where_the_engine_gives_no_gpu_a_stage_that_needs_one_is_refused_with_the_reason(place, without_runtime):
    configure(place, without_runtime, "needs_gpu", 0.1)
    place.drop("needs_gpu/a.noop", "a")
    assert place.visaged("run", "--once").returncode == 1
    (why,) = (place.root / "failed").rglob("WHY.txt")
    assert "needs a GPU. The Docker engine gives no GPU to containers" in why.read_text()
    assert "toolkit" in why.read_text()


def doctor_says(place):
    findings = json.loads(place.visaged("doctor", "--json").stdout)
    return {finding["what"]: finding for finding in findings}


def test_the_doctor_tries_a_container_with_the_gpu_and_says_what_is_wrong(place, with_runtime, without_runtime):
    configure(place, without_runtime, "likes_gpu", 0.1)
    assert "toolkit is missing" in doctor_says(place)["GPU in a container"]["says"]
    configure(place, with_runtime, "likes_gpu", 0.1)
    found = doctor_says(place)
    assert "does not see it" in found["GPU in a container"]["says"]  # the stand-in lets it start, and no more
    assert found["mounts"]["state"] == found["image of likes_gpu"]["state"] == "ok"
