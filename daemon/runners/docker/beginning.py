"""From a task to a container that runs: made once, saved, started; and what it means when the engine declines."""

from __future__ import annotations

from daemon.errors import ConfigError
from daemon.failpoints import Step, step
from daemon.model import End, Ended, Task
from daemon.runners.docker.answers import Container, Image
from daemon.runners.docker.control import Control, Made
from daemon.runners.docker.ending import never_started
from daemon.runners.docker.engine import Declined
from daemon.runners.docker.folders import mounted, of_stage, prepare, weights
from daemon.runners.docker.images import Unfit, image_for
from daemon.runners.docker.site import Site
from daemon.runners.docker.spec import Wish, configuration, name_of

CONFLICT = 409

NO_RUNTIME = ("could not select device driver", "unresolvable CDI devices", "nvidia-container-cli", "unknown runtime")
"""What an engine says that cannot give a GPU."""
FOR_GOOD = (
    *("executable file not found", "no such file or directory: unknown", "exec format error", "permission denied"),
    *("bind source path does not exist", "network", "ulimit"),
)
"""What an engine says of an image or of settings with which this can never run."""
WITHOUT_GPUS = (
    "The Docker engine gives no GPU to containers ({why}). Install NVIDIA's container toolkit and restart the engine; "
    "`visaged doctor` says more."
)


def create(site: Site, task: Task, control: Control) -> Ended | None:
    """Afterwards there is a container of the task, saved but not started; else the answer says why not.

    Raises RunnerUnavailable, ConfigError, OSError.
    """
    containers = site.containers(task.pipeline)
    image = image_for(site.engine, containers, task.stage.image)
    if isinstance(image, Unfit):
        return impossible(task.name, image.why) if image.for_good else never_started(task.name, image.why)
    user = site.user(containers)
    prepare(task, user)
    more = (*containers.mounts, *weights(containers))
    mounts = mounted(of_stage(task, site.settings.readable, more), site.certain(image))
    wish = Wish(task=task, root=site.root, image=image, containers=containers, user=user, mounts=mounts)
    made = site.engine.create(name_of(task.name, site.root), configuration(wish, site.engine.facts()))
    match made:
        case Declined(status=status) if status == CONFLICT:
            return None  # it was made a moment ago, and is found by its name
        case Declined(why=why):
            return _declined(site, task, why)
    step(Step.DOCKER_CREATED)
    save(site, control, made, image)
    return None


def save(site: Site, control: Control, container: str, image: Image | None = None) -> None:
    """Afterwards the container's id is on disk: from now on it is never made anew. image: None: the engine knows it."""
    label = ""
    if image is None and (found := site.engine.find(container)):
        label = found.labels.get("visaged.image", "")
        image = site.engine.image(label)
    digest = image.digest if image else label
    control.write(Made(id=container, image=image.reference if image else label, digest=digest))
    step(Step.DOCKER_SAVED)


def start(site: Site, task: Task, container: Container) -> Ended | None:
    """Afterwards the container runs, or has run; else the answer says why not. Raises RunnerUnavailable."""
    declined = site.engine.start(container.id)
    if declined is not None:
        return _declined(site, task, declined.why)
    step(Step.DOCKER_STARTED)
    return None


def ours(container: Container, task: Task, site: Site) -> bool:
    """Whether a container is the one of this task of this daemon."""
    return container.labels.get("visaged.root") == site.root and container.labels.get("visaged.task") == task.name


def foreign(task: Task, container: Container) -> Ended:
    """The end of a task whose container's name somebody else uses."""
    why = f"the name {container.name} is taken by a container that is not ours; `docker rm {container.name}` frees it"
    return never_started(task.name, why)


def impossible(task: str, why: str) -> Ended:
    """It cannot run here, and waiting does not help."""
    return Ended(task=task, end=End.IMPOSSIBLE, detail=why)


def wrong_mounts(task: Task, error: ConfigError) -> Ended:
    """The end of a task whose container would not see its files."""
    return impossible(task.name, str(error))


def _declined(site: Site, task: Task, why: str) -> Ended:
    if task.slot.gpus and any(sign in why for sign in NO_RUNTIME):
        site.without_gpus = WITHOUT_GPUS.format(why=why)
        return never_started(task.name, site.without_gpus)
    if any(sign in why for sign in FOR_GOOD):
        image = site.containers(task.pipeline).image_of(task.stage.image)
        return impossible(
            task.name, f"The image {image} cannot run this stage as [pipelines.{task.pipeline}] says: {why}"
        )
    return never_started(task.name, why)
