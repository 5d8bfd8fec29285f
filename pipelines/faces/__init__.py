"""Faces: dumps of pictures become folders of people. Here: what the daemon knows of it.

Standard library alone, because the daemon imports it. The map of the package:

- ``claim``      which items are faces'
- ``registry``, ``packs``, ``attribute_packs``   the packs of models, from ``models.toml``
- ``columns``    pictures and faces as columns, and the files in which they are kept
- ``survey``, ``embed``, ``attributes``, ``sorting`` (the stage cluster), ``tree``, ``ask``   the stages
- ``gallery``    all faces of a collection;  ``people``  who they are, over all nights;  ``cluster``  who is alike
"""

from dataclasses import dataclass, field
from types import MappingProxyType

from pipelines.contract import (
    Command,
    Gpus,
    Loose,
    Parameter,
    Pipeline,
    Publish,
    Stage,
    Takes,
    checked,
    option,
)
from pipelines.faces.attribute_packs import ATTRIBUTE_PACKS, required, spared
from pipelines.faces.claim import KINDS, PRINCIPAL, claim
from pipelines.faces.registry import WEIGHTS, needed, own_pack

METHODS = ("auto", "average", "infomap", "kmeans")
PLACES = ("auto", "link", "reflink", "copy", "crop")
VIEWS = ("gender", "age", "emotion", "race")
GENDERS = ("female", "male")
EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""What may be asked for. The words mean what ``cluster``, ``tree`` and ``attributes`` say of them."""
_FILTERS = MappingProxyType({"gender": GENDERS, "emotion": EMOTIONS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a user may ask of a collection. Raises ValueError with a plain sentence where a value cannot be had."""

    pack: str = option("buffalo_sc", "The models that find and know faces; `visaged models list` shows all.")
    method: str = option(
        "auto",
        "How faces become people; auto: average, from 30,000 faces on infomap; kmeans: as many as clusters says.",
        choices=METHODS,
    )
    clusters: int = option(0, "How many people there are, for kmeans; 0: not known.", least=0, most=1_000_000)
    min_faces: int = option(2, "Fewer faces than this make no folder; they stay in unsorted.", least=1, most=10_000)
    place: str = option(
        "auto",
        "What stands in the folders: the picture itself (a hard link, else a reflink, else a copy), or the crop of the "
        "face.",
        choices=PLACES,
    )
    threshold: float = option(
        0.0, "Mean cosine similarity from which faces are one person; 0: chosen by the pack and the number of faces.",
        least=0.0, most=0.99,
    )  # fmt: skip
    join: float = option(
        0.0, "Similarity from which a new face joins a person with a name at once; 0: chosen.", least=0.0, most=0.99
    )
    review: float = option(0.0, "Similarity from which a new face is shown in review; 0: chosen.", least=0.0, most=0.99)
    min_size: int = option(24, "Pixels of the shorter side under which a face is passed over.", least=8, most=1000)
    min_quality: float = option(0.0, "Quality (0 to 1) under which a face stays in unsorted.", least=0.0, most=1.0)
    max_pixels: int = option(
        200_000_000, "Pixels of a picture above which it is reported and not opened.", least=10_000, most=2_000_000_000
    )
    video_interval: float = option(1.0, "Seconds between two pictures taken from a video.", least=0.04, most=3600.0)
    attributes: bool = option(default=False, about="Estimate age, gender, emotion and race (needs its own image).")
    attributes_pack: str = option(
        "attributes",
        "The models that estimate them: deepface's, or small ones, quick and without race.",
        choices=tuple(ATTRIBUTE_PACKS),
    )
    views: tuple[str, ...] = option((), "More trees beside people: by-gender and so on.", choices=VIEWS)
    filter: dict[str, str] = field(
        default_factory=dict,
        metadata={
            "about": 'Show only faces like {gender = "female", age = "20-40", emotion = "happy"}.',
            "least": None,
            "most": None,
            "choices": (),
        },
    )

    def __post_init__(self) -> None:
        checked(self)
        if self.method == "kmeans" and not self.clusters:
            raise ValueError("clusters = 0: kmeans must be told how many people there are")
        if self.review and self.join and self.review > self.join:
            raise ValueError(f"review = {self.review:g}: it must be at most join, which is {self.join:g}")
        self._check_filter()
        self._check_attributes()

    def _check_filter(self) -> None:
        for name, value in self.filter.items():
            if name == "age":
                low, _, high = value.partition("-")
                if not (low.isdigit() and (high or low).isdigit() and int(low) <= int(high or low)):
                    raise ValueError(f'filter = "age": it must be like "30" or "20-40", not "{value}"')
            elif name not in _FILTERS:
                raise ValueError(f'filter = "{name}": it may have gender, age and emotion')
            elif value not in _FILTERS[name]:
                raise ValueError(f'filter = "{name}": it must be one of {", ".join(_FILTERS[name])}, not "{value}"')

    def _check_attributes(self) -> None:
        can = ATTRIBUTE_PACKS[self.attributes_pack].files
        for name in required({"views": self.views, "filter": self.filter}):
            if name not in can:
                raise ValueError(
                    f'views = "{name}": attributes_pack = "{self.attributes_pack}" estimates {", ".join(can)} alone'
                )


GIB = 1024**3
SURVEY = Stage(name="survey", cpus=1.0, memory=GIB // 2, recalls=True)
EMBED = Stage(
    name="embed", cpus=1.0, memory=3 * GIB // 2, gpus=Gpus.OPTIONAL, gpu_memory=2 * GIB, sharded=True, recalls=True
)
ATTRIBUTES = Stage(
    name="attributes",
    cpus=2.0,
    memory=6 * GIB,
    gpus=Gpus.OPTIONAL,
    gpu_memory=4 * GIB,
    timeout=14 * 24 * 3600.0,
    when=("attributes", "views", "filter"),
    image="attributes",
    recalls=True,
)
CLUSTER = Stage(name="cluster", cpus=2.0, memory=6 * GIB, gpus=Gpus.OPTIONAL, gpu_memory=4 * GIB, recalls=True)
TREE = Stage(name="tree", cpus=2.0, memory=2 * GIB, recalls=True)
ASK = Stage(name="ask", cpus=1.0, memory=GIB, recalls=True)

_PERSON = Parameter(name="person", about="A person's name or id (person-0001).")
_CHANGES = (CLUSTER, TREE)


def _asks(name: str, about: str, *parameters: Parameter, keyed: bool = True) -> Command:
    looks = name.startswith("faces ")  # at pictures, for which it needs the models
    return Command(
        name=name, about=about, stages=(ASK,), parameters=parameters, keyed=keyed, weighs=looks, heeds_options=looks
    )


def _changes(name: str, about: str, *parameters: Parameter) -> Command:
    return Command(name=name, about=about, stages=_CHANGES, parameters=parameters, commits=True)


COMMANDS = (
    Command(
        name="recluster",
        about="Sort the faces of a collection again: what is new, or all of it.",
        stages=(ATTRIBUTES, CLUSTER, TREE),
        weighs=True,
        parameters=(Parameter(name="full", about="All anew, not only what is new.", takes=Takes.FLAG, required=False),),
        commits=True,
    ),
    _asks("people list", "List the people of a collection."),
    _asks("people show", "Show what is known of a person.", _PERSON),
    _changes("people rename", "Give a person a name.", _PERSON, Parameter(name="name", about="The new name.")),
    _changes(
        "people merge",
        "Make several people one; the first keeps its name.",
        Parameter(name="people", about="Names or ids, two or more.", many=True),
    ),
    _changes(
        "people split",
        "Make a new person of some of a person's faces.",
        _PERSON,
        Parameter(name="files", about="Their files, as they are called in the person's folder.", many=True),
        Parameter(name="name", about="What the new person is called.", required=False),
    ),
    _changes("people undo", "Take back the last thing that was said about people."),
    _changes("people forget", "Remove a person's faces, embeddings and links for good.", _PERSON),
    _asks(
        "faces find",
        "Find all pictures of the person in a picture, the most alike first.",
        Parameter(name="picture", about="A picture with the face.", takes=Takes.FILE),
    ),
    _asks(
        "faces diagnose",
        "Say for each picture which faces were found, and why not more.",
        Parameter(name="folder", about="A folder of pictures.", takes=Takes.FILE),
        keyed=False,
    ),
    _asks(
        "faces bench",
        "Compare the detectors that are here on pictures: speed and detection rate.",
        Parameter(name="folder", about="A folder of pictures.", takes=Takes.FILE),
        keyed=False,
    ),
    Command(name="edits", about="Read what was changed in the tree.", stages=_CHANGES, commits=True, hidden=True),
    Command(
        name="rollback", about="Show an earlier state of a collection again.", stages=(TREE,), commits=True, hidden=True
    ),
)

PIPELINE = Pipeline(
    name="faces",
    version="1",
    stages=(SURVEY, EMBED, ATTRIBUTES, CLUSTER, TREE),
    options=Options,
    kinds=KINDS,
    principal=PRINCIPAL,
    claim=claim,
    loose=Loose.TOGETHER,
    publish=Publish.TREE,
    keyed=True,
    remembers=True,
    key_word="collection",
    commands=COMMANDS,
    nightly="recluster",
    edited="edits",
    reverted="rollback",
    weights=WEIGHTS,
    needs=needed,
    spares=spared,
    own_pack=own_pack,
)
