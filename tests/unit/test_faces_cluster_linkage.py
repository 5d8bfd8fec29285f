"""Average linkage: SciPy's partition, the quick way as the plain way, and every tie kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from pipelines.faces.cluster import linkage as ours
from pipelines.faces.cluster.graph import Search, built
from pipelines.faces.cluster.halves import similarities
from pipelines.faces.cluster.linkage import agglomerated, numbered
from pipelines.faces.cluster.mending import mended
from pipelines.faces.cluster.ties import FREE, Ties, conflicts

SEARCH = Search(floor=0.2)


def faces(n, dimension=48, people=None, seed=0):
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((people or max(1, n // 6), dimension))
    person = chance.integers(len(centres), size=n)
    rows = centres[person] + 0.9 * chance.standard_normal((n, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def ties(n, seed):
    """Ties of all kinds, by chance."""
    chance = np.random.default_rng(seed)
    free = np.full(n, FREE, dtype=np.int32)
    group, owner = free.copy(), free.copy()
    for number in range(n // 10):
        group[chance.integers(n, size=chance.integers(1, 4))] = number
    owner[chance.random(n) < 0.1] = 0
    owner = np.where(owner == FREE, FREE, np.where(group == FREE, chance.integers(5, size=n), group % 5)).astype(
        np.int32
    )
    picture = np.where(chance.random(n) < 0.7, chance.integers(max(1, n // 3), size=n), FREE).astype(np.int32)
    apart = np.stack([chance.integers(n, size=n // 5), chance.integers(5, size=n // 5)], axis=1).astype(np.int32)
    return Ties(group=group, owner=owner, picture=picture, apart=apart)


def scipys(x, threshold):
    far = 1 - similarities(x, x).astype(np.float64)
    np.fill_diagonal(far, 0)
    return fcluster(linkage(squareform((far + far.T) / 2, checks=False), "average"), 1 - threshold, "distance")


def by(x, threshold, said=None, *, quick):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ours, "COMPILED_FROM", 0 if quick else 2**62)
        return agglomerated(x, built(x, SEARCH), threshold, said)


@pytest.mark.parametrize("threshold", [0.25, 0.34, 0.45])
def test_the_partition_is_that_of_average_linkage_over_all_pairs(threshold):
    x = faces(700, 128)
    assert (by(x, threshold, quick=False) == numbered(scipys(x, threshold))).all()


@pytest.mark.data
@pytest.mark.parametrize("threshold", [0.32, 0.38])
def test_the_partition_of_real_faces_is_that_of_average_linkage_over_all_pairs(data, threshold):
    x = np.load(data / "bench" / "lfw_rest_w600k_mbf.npz")["embedding"][:2500]
    assert (by(x, threshold, quick=True) == numbered(scipys(x, threshold))).all()


@settings(deadline=None, max_examples=60)
@given(n=st.integers(0, 150), seed=st.integers(0, 999), threshold=st.floats(0.2, 0.8), tied=st.booleans())
def test_the_quick_way_joins_as_the_plain_way(n, seed, threshold, tied):
    x = faces(n, seed=seed) if n else np.empty((0, 48), dtype=np.float16)
    said = ties(n, seed) if tied else None
    assert (by(x, threshold, said, quick=True) == by(x, threshold, said, quick=False)).all()


def test_a_person_of_hundreds_is_joined_alike_by_both_ways():
    x = faces(600, people=2)
    assert (by(x, 0.3, quick=True) == by(x, 0.3, quick=False)).all()


@pytest.mark.parametrize("quick", [True, False])
def test_the_order_of_the_rows_does_not_matter(quick):
    x = faces(400)
    order = np.random.default_rng(1).permutation(400)
    found = by(x[order], 0.3, quick=quick)
    assert (numbered(found[np.argsort(order)]) == by(x, 0.3, quick=quick)).all()


def test_three_faces_that_a_person_can_check():
    x = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)  # similarities .8, .6 and 0
    assert by(x, 0.61, quick=False).tolist() == [0, 0, 1]
    assert by(x, 0.29, quick=False).tolist() == [0, 0, 0]  # (.6 + 0) / 2 = .3
    assert by(x, 0.31, quick=False).tolist() == [0, 0, 1]


def test_faces_of_two_components_do_not_know_of_each_other():
    x = faces(300)
    whole = by(x, 0.35, quick=False)
    for label in range(whole.max() + 1):
        part = x[whole == label]
        assert by(part, 0.35, quick=False).tolist() == [0] * len(part)


# ---------------------------------------------------------------- ties


def broken(labels, x, said):
    """Every tie that the labels break, in words."""
    groups = set(said.group.tolist()) - {FREE}
    found = [f"group {group} is in two" for group in groups if len(set(labels[said.group == group].tolist())) > 1]
    for label in set(labels.tolist()):
        owners = set(said.owner[labels == label].tolist()) - {FREE}
        if len(owners) > 1:
            found.append(f"{label} has owners {owners}")
        found += [
            f"{row} got {owner}" for row, owner in said.apart.tolist() if labels[row] == label and owner in owners
        ]
    for one, two in conflicts(said, x).tolist():
        together = said.group[one] == said.group[two] != FREE
        if labels[one] == labels[two] and not together:
            found.append(f"{one} and {two} are of one picture")
    return found


def without_contradiction(said):
    """The ties, but for faces that must not get the owner that they, or their group, have."""
    owners = said.owner.copy()
    for group in set(said.group.tolist()) - {FREE}:
        owners[said.group == group] = said.owner[said.group == group].max()
    apart = said.apart[owners[said.apart[:, 0]] != said.apart[:, 1]]
    return Ties(group=said.group, owner=said.owner, picture=said.picture, apart=apart)


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 120), seed=st.integers(0, 999), quick=st.booleans())
def test_every_tie_is_kept(n, seed, quick):
    x = faces(n, people=3, seed=seed)
    said = without_contradiction(ties(n, seed))
    assert broken(by(x, 0.3, said, quick=quick), x, said) == []


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 120), seed=st.integers(0, 999), clusters=st.integers(1, 5))
def test_clusters_of_another_method_are_mended_until_every_tie_is_kept(n, seed, clusters):
    x = faces(n, people=3, seed=seed)
    said = without_contradiction(ties(n, seed))
    labels = np.random.default_rng(seed).integers(clusters, size=n)
    found = mended(labels, x, said)
    assert broken(found, x, said) == []
    assert (numbered(found) == found).all()


def test_clusters_that_keep_the_ties_are_not_changed_by_mending():
    x = faces(60, people=3)
    labels = numbered(np.random.default_rng(0).integers(4, size=60).astype(np.int32))
    assert (mended(labels, x, Ties.none(60)) == labels).all()


TWO = np.array([[1, 0], [0.9, 0.436], [0.9, -0.436]], dtype=np.float32)
"""Three faces: the first is like both others (.9), which are less so (.62)."""


def said(**words):
    free = np.full(3, FREE, dtype=np.int32)
    given = {name: np.array(value, dtype=np.int32) for name, value in words.items() if name != "mirror"}
    rest = {"group": free, "owner": free, "picture": free, "apart": np.empty((0, 2), dtype=np.int32)}
    return Ties(**(rest | given), mirror=words.get("mirror", 0.85))


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(
    ("tie", "found"),
    [
        ({}, [0, 0, 0]),
        ({"picture": [FREE, 7, 7]}, [0, 0, 1]),
        ({"picture": [7, 7, FREE]}, [0, 0, 0]),  # more alike than .85: a mirror
        ({"picture": [7, 7, FREE], "mirror": 0.95}, [0, 1, 0]),
        ({"owner": [FREE, 1, 2]}, [0, 0, 1]),
        ({"owner": [FREE, 1, 1]}, [0, 0, 0]),
        ({"owner": [FREE, 1, FREE], "apart": [[2, 1]]}, [0, 0, 1]),
        ({"owner": [FREE, 1, FREE], "apart": [[0, 1]]}, [0, 1, 0]),
        ({"owner": [FREE, 1, FREE], "apart": [[2, 4]]}, [0, 0, 0]),
        ({"group": [FREE, 3, 3], "picture": [FREE, 7, 7]}, [0, 0, 0]),  # the user knows better
        ({"group": [3, FREE, 3], "picture": [FREE, 7, 7]}, [0, 1, 0]),
    ],
    ids=str,
)
def test_a_tie_that_a_person_can_check(quick, tie, found):
    assert by(TWO, 0.5, said(**tie), quick=quick).tolist() == found


def test_what_the_user_put_together_is_one_however_unlike():
    x = np.eye(4, dtype=np.float32)
    group = np.array([5, FREE, FREE, 5], dtype=np.int32)
    free = np.full(4, FREE, dtype=np.int32)
    tie = Ties(group=group, owner=free, picture=free, apart=np.empty((0, 2), dtype=np.int32))
    assert by(x, 0.5, tie, quick=False).tolist() == [0, 1, 2, 0]
    assert by(x, 0.5, tie, quick=True).tolist() == [0, 1, 2, 0]


def test_a_group_with_two_owners_is_refused():
    with pytest.raises(ValueError, match="group 3 has two owners, 1 and 2"):
        said(group=[3, 3, FREE], owner=[1, 2, FREE])


def test_arrays_of_different_faces_are_refused():
    x = faces(20)
    with pytest.raises(ValueError, match="20 faces"):
        agglomerated(x[:10], built(x, SEARCH), 0.3)
