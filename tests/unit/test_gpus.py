"""Which GPUs are found, which may be used, and which slot a stage gets."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import ConfigError
from daemon.gpus import Capacity, Discovered, Gpu, Never, Waits, capacity, chosen, discover, fit
from daemon.machine import Machine, machine
from daemon.model import Slot
from pipelines.contract import Gpus, Stage

SMALL = Gpu(uuid="GPU-small", name="Small", memory=8 * 10**9)
LARGE = Gpu(uuid="GPU-large", name="Large", memory=24 * 10**9)
BOX = Capacity(cpus=4.0, memory=16 * 10**9, slots=3, gpus=(LARGE, SMALL))
BARE = Capacity(cpus=4.0, memory=16 * 10**9, slots=3)

# ---------------------------------------------------------------- slots


def test_a_stage_gets_the_cores_and_memory_that_it_asks_for():
    assert fit(Stage(name="s", cpus=2.0, memory=10**9), BARE, []) == Slot(cpus=2.0, memory=10**9)


def test_a_stage_that_asks_for_more_cores_than_there_are_gets_all():
    assert fit(Stage(name="s", cpus=64.0), BARE, []) == Slot(cpus=4.0)


def test_a_stage_waits_for_cores():
    assert fit(Stage(name="s", cpus=2.0), BARE, [Slot(cpus=3.0)]) == Waits("for 2 cores of 4")


def test_a_stage_waits_for_memory():
    taken = [Slot(cpus=1.0, memory=10 * 10**9)]
    assert fit(Stage(name="s", memory=8 * 10**9), BARE, taken) == Waits("for 8 GB of memory")


def test_a_stage_waits_while_all_slots_are_taken():
    assert isinstance(fit(Stage(name="s", cpus=0.1), BARE, [Slot(cpus=0.1)] * 3), Waits)


def test_tenths_of_a_core_add_up_as_people_add_them():
    box = Capacity(cpus=0.3, memory=1, slots=99)
    assert isinstance(fit(Stage(name="s", cpus=0.2), box, [Slot(cpus=0.1)]), Slot)


def test_a_stage_that_needs_more_memory_than_there_is_never_runs():
    match fit(Stage(name="train", memory=64 * 10**9), BARE, []):
        case Never(why):
            assert "train asks for 64 GB of memory, and stages may use 16 GB here" in why
        case other:
            pytest.fail(str(other))


def test_the_smallest_gpu_that_is_large_enough_is_given():
    assert fit(Stage(name="s", gpus=Gpus.REQUIRED), BOX, []) == Slot(cpus=1.0, gpus=("GPU-small",))
    big = Stage(name="s", gpus=Gpus.REQUIRED, gpu_memory=10 * 10**9)
    assert fit(big, BOX, []) == Slot(cpus=1.0, gpus=("GPU-large",))


def test_a_gpu_is_given_once():
    taken = [Slot(cpus=1.0, gpus=("GPU-small",))]
    assert fit(Stage(name="s", gpus=Gpus.REQUIRED), BOX, taken) == Slot(cpus=1.0, gpus=("GPU-large",))


@pytest.mark.parametrize("wish", [Gpus.OPTIONAL, Gpus.REQUIRED])
def test_a_stage_waits_for_a_gpu_that_exists(wish):
    taken = [Slot(cpus=1.0, gpus=("GPU-small", "GPU-large"))]
    assert isinstance(fit(Stage(name="s", gpus=wish), BOX, taken), Waits)


def test_a_stage_that_can_do_without_takes_the_processor_only_where_no_gpu_would_do():
    assert fit(Stage(name="s", gpus=Gpus.OPTIONAL), BARE, []) == Slot(cpus=1.0)
    assert fit(Stage(name="s", gpus=Gpus.OPTIONAL, gpu_memory=80 * 10**9), BOX, []) == Slot(cpus=1.0)


def test_a_stage_that_needs_a_gpu_never_runs_where_none_is():
    assert isinstance(fit(Stage(name="s", gpus=Gpus.REQUIRED), BARE, []), Never)
    match fit(Stage(name="s", gpus=Gpus.REQUIRED, gpu_memory=80 * 10**9), BOX, []):
        case Never(why):
            assert "the largest here has 24 GB" in why
        case other:
            pytest.fail(str(other))


CAPACITIES = st.builds(
    Capacity,
    cpus=st.floats(0.5, 16),
    memory=st.integers(1, 100),
    slots=st.integers(1, 8),
    gpus=st.lists(st.integers(1, 100), max_size=4).map(
        lambda sizes: tuple(Gpu(uuid=f"GPU-{n}", name="g", memory=size) for n, size in enumerate(sizes))
    ),
)
STAGES = st.builds(
    Stage,
    name=st.just("s"),
    cpus=st.floats(0.1, 20),
    memory=st.integers(0, 120),
    gpus=st.sampled_from(Gpus),
    gpu_memory=st.integers(0, 120),
)


@given(CAPACITIES, st.lists(st.tuples(STAGES, st.integers(0, 3)), max_size=30))
def test_no_gpu_is_given_twice_and_never_more_than_there_is(box, story):
    taken = []
    for stage, ending in story:
        answer = fit(stage, box, taken)
        if isinstance(answer, Slot):
            taken.append(answer)
        given_out = [uuid for slot in taken for uuid in slot.gpus]
        assert len(given_out) == len(set(given_out))
        assert len(taken) <= box.slots
        assert sum(slot.cpus for slot in taken) <= box.cpus + 1e-4
        assert sum(slot.memory for slot in taken) <= box.memory
        del taken[:ending]


@given(CAPACITIES, STAGES)
def test_a_stage_alone_fits_or_never_does(box, stage):
    assert isinstance(fit(stage, box, []), Slot | Never)


@given(CAPACITIES, STAGES, st.lists(STAGES, max_size=8))
def test_never_does_not_depend_on_what_runs(box, stage, others):
    taken = [slot for slot in (fit(other, box, []) for other in others) if isinstance(slot, Slot)]
    assert isinstance(fit(stage, box, taken), Never) == isinstance(fit(stage, box, []), Never)


# ---------------------------------------------------------------- what may be used


def test_what_is_not_configured_follows_the_machine():
    found = Machine(cpus=6.0, memory=10 * 10**9)
    assert capacity(found, (), cpus=None, memory=None, slots=None) == Capacity(cpus=6.0, memory=9 * 10**9, slots=6)


def test_what_is_configured_wins_over_the_machine():
    found = Machine(cpus=6.0, memory=10 * 10**9)
    assert capacity(found, (SMALL,), cpus=1.5, memory=7, slots=9) == Capacity(
        cpus=1.5, memory=7, slots=9, gpus=(SMALL,)
    )


def test_a_machine_of_less_than_a_core_has_one_slot():
    assert capacity(Machine(cpus=0.5, memory=10), (), cpus=None, memory=None, slots=None).slots == 1


def test_a_choice_of_gpus_is_all_none_or_those_named():
    both = Discovered(gpus=(LARGE, SMALL))
    assert chosen(both, "auto") == (LARGE, SMALL)
    assert chosen(both, "none") == ()
    assert chosen(both, ("GPU-small", "GPU-small")) == (SMALL,)


def test_a_gpu_that_is_not_here_is_refused_with_those_that_are():
    with pytest.raises(ConfigError, match=r"no GPU GPU-x; it has GPU-small \(Small\)"):
        chosen(Discovered(gpus=(SMALL,)), ("GPU-x",))


def test_a_gpu_that_is_named_where_none_is_says_why_none_is():
    with pytest.raises(ConfigError, match="no driver"):
        chosen(Discovered(why_none="no driver"), ("GPU-x",))


# ---------------------------------------------------------------- what is found


def test_a_machine_without_a_driver_has_no_gpu_and_says_why():
    found = discover()
    assert bool(found.gpus) != bool(found.why_none)


NVML = r"""
#include <string.h>
typedef struct { unsigned long long total, free, used; } Memory;
static long whole[2] = {0, 1}, part = 7;
int nvmlInit_v2(void) { return INIT; }
int nvmlInitWithFlags(unsigned flags) { return INIT; }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { strcpy(text, "575.1"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  if (SICK == 15 && index == 0) return 15; *device = &whole[index]; return 0; }
int nvmlDeviceGetRemappedRows(void *device, unsigned *a, unsigned *b, unsigned *pending, unsigned *failed) {
  *a = *b = 0; *pending = SICK == 1 && device == &whole[0]; *failed = SICK == 2 && device == &whole[0]; return 0; }
int nvmlDeviceGetUUID(void *device, char *text, unsigned size) {
  strcpy(text, device == &part ? "MIG-7" : device == &whole[0] ? "GPU-0" : "GPU-1"); return 0; }
int nvmlDeviceGetName(void *device, char *text, unsigned size) { strcpy(text, "H200"); return 0; }
int nvmlDeviceGetMemoryInfo(void *device, Memory *memory) {
  memory->total = device == &part ? 18000000000ull : 141000000000ull; return 0; }
int nvmlDeviceGetMigMode(void *device, unsigned *now, unsigned *next) {
  if (device == &whole[0]) return 3; *now = *next = 1; return 0; }
int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *count) { *count = 3; return 0; }
int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **instance) {
  if (index != 1) return 6; *instance = &part; return 0; }
"""
ASK = """
import dataclasses, json
from daemon.gpus import discover
print(json.dumps(dataclasses.asdict(discover())))
"""


@pytest.fixture
def nvml(tmp_path):
    """What ``discover`` finds with a driver library that answers so: two GPUs, the second of them split by MIG."""
    if not shutil.which("cc"):
        pytest.skip("a C compiler makes the driver library of this test")

    def found(answer, sick=0):
        (tmp_path / "nvml.c").write_text(NVML)
        library, defined = tmp_path / "libnvidia-ml.so.1", (f"-DINIT={answer}", f"-DSICK={sick}")
        subprocess.run(["cc", "-shared", "-fPIC", *defined, "-o", library, tmp_path / "nvml.c"], check=True)
        environment = {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}
        said = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, check=True, text=True)
        return json.loads(said.stdout)

    return found


def test_gpus_are_found_by_the_driver_and_a_split_one_by_its_instances(nvml):
    assert nvml(answer=0)["gpus"] == [
        {"uuid": "GPU-0", "name": "H200", "memory": 141 * 10**9, "driver": "575.1"},
        {"uuid": "MIG-7", "name": "H200", "memory": 18 * 10**9, "driver": "575.1"},
    ]


@pytest.mark.parametrize(("sick", "why"), [(1, "restart"), (2, "replace it"), (15, "may bring it back")])
def test_a_gpu_that_is_sick_is_not_used_and_hides_none_of_the_others(nvml, sick, why):
    found = nvml(answer=0, sick=sick)
    assert [gpu["uuid"] for gpu in found["gpus"]] == ["MIG-7"]
    (told,) = found["sick"]
    assert told.startswith("GPU 0")
    assert why in told


@pytest.mark.parametrize(
    ("answer", "why"), [(9, "not loaded"), (18, "restart the machine"), (4, "may not use"), (999, "error")]
)
def test_a_driver_that_fails_says_what_to_do(nvml, answer, why):
    found = nvml(answer)
    assert found["gpus"] == []
    assert why in found["why_none"]


# ---------------------------------------------------------------- the machine


def test_the_machine_has_the_memory_that_the_kernel_tells(tmp_path):
    (tmp_path / "meminfo").write_text("MemFree: 1 kB\nMemTotal:       2048 kB\n")
    found = machine(tmp_path, tmp_path)
    assert found.memory == 2 * 2**20
    assert found.cpus == len(os.sched_getaffinity(0))


def test_the_tightest_control_group_on_the_way_up_limits(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 2048 kB\n")
    (tmp_path / "self").mkdir()
    (tmp_path / "self/cgroup").write_text("1:cpu:/old\n0::/outer/inner\n")
    inner = tmp_path / "groups/outer/inner"
    inner.mkdir(parents=True)
    (inner / "cpu.max").write_text("max 100000\n")
    (inner / "memory.max").write_text("1048576\n")
    (inner.parent / "cpu.max").write_text("50000 100000\n")
    (inner.parent / "memory.max").write_text("max\n")
    assert machine(tmp_path, tmp_path / "groups") == Machine(cpus=0.5, memory=2**20)


def test_a_machine_that_tells_nothing_is_asked_by_the_system():
    assert machine().memory > 0
