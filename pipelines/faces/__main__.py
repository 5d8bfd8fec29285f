"""``python -m pipelines.faces <stage> <job folder> [--shard <name>]``. Each stage loads what it needs, and no more."""
# ruff: noqa: PLC0415 - that is what imports within functions are for here

import sys

from pipelines.contract import Result, Work, serve
from pipelines.faces import Options


def survey(work: Work) -> Result:
    """As ``survey.survey``."""
    from pipelines.faces.survey import survey as surveyed

    return surveyed(work)


def embed(work: Work) -> Result:
    """As ``embed.stage.embed``."""
    from pipelines.faces.embed.stage import embed as embedded

    return embedded(work)


def attributes(work: Work) -> Result:
    """As ``attributes.stage.attributes``."""
    from pipelines.faces.attributes.stage import attributes as estimated

    return estimated(work)


def cluster(work: Work) -> Result:
    """As ``sorting.stage.cluster``."""
    from pipelines.faces.sorting.stage import cluster as clustered

    return clustered(work)


def tree(work: Work) -> Result:
    """As ``tree.stage.tree``."""
    from pipelines.faces.tree.stage import tree as shown

    return shown(work)


def ask(work: Work) -> Result:
    """As ``ask.stage.ask``."""
    from pipelines.faces.ask.stage import ask as answered

    return answered(work)


if __name__ == "__main__":
    stages = {"survey": survey, "embed": embed, "attributes": attributes, "cluster": cluster, "tree": tree, "ask": ask}
    sys.exit(serve(stages, options=Options))
