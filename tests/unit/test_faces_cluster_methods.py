"""The other methods, thresholds, newcomers and scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.faces.cluster import infomap, kmeans, scores
from pipelines.faces.cluster.graph import Search, built
from pipelines.faces.cluster.linkage import agglomerated, numbered
from pipelines.faces.cluster.newcomers import provisional
from pipelines.faces.cluster.thresholds import threshold, thresholds
from pipelines.faces.cluster.ties import FREE, Ties
from pipelines.faces.registry import PACKS

TAIL = PACKS["buffalo_sc"].impostors


def people(sizes, dimension=64, noise=0.5, seed=0):
    """Faces of people who are far from each other, in random order, and whose they are."""
    chance = np.random.default_rng(seed)
    person = chance.permutation(np.repeat(np.arange(len(sizes)), sizes))
    rows = chance.standard_normal((len(sizes), dimension))[person] + noise * chance.standard_normal(
        (len(person), dimension)
    )
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16), person


def pictures(of):
    free = np.full(len(of), FREE, dtype=np.int32)
    return Ties(group=free, owner=free, picture=np.asarray(of, np.int32), apart=np.empty((0, 2), dtype=np.int32))


# ---------------------------------------------------------------- infomap


def test_infomap_finds_people_of_very_different_sizes():
    x, person = people([60, 25, 9, 4, 2, 1, 1])
    assert (infomap.partition(x, built(x, Search(floor=0.3)), 0.4) == numbered(person.astype(np.int32))).all()


def test_two_triangles_and_a_bridge_are_two_clusters_and_take_the_bits_that_the_map_equation_says():
    pairs = np.array([[0, 1], [0, 2], [1, 2], [2, 3], [3, 4], [3, 5], [4, 5]], dtype=np.int32)
    walk = infomap.walk(6, pairs, np.ones(7))
    found = infomap.clusters(walk)
    assert found.tolist() == [0, 0, 0, 1, 1, 1]

    def entropy(*shares):
        whole = sum(shares)
        return -sum(share / whole * np.log2(share / whole) for share in shares)

    index = 2 / 14 * entropy(1, 1)  # a step of 14 leaves each cluster
    inside = 2 * 8 / 14 * entropy(1 / 14, 2 / 14, 2 / 14, 3 / 14)
    assert infomap.bits(walk, found) == pytest.approx(index + inside)


@settings(deadline=None, max_examples=30)
@given(n=st.integers(2, 40), seed=st.integers(0, 999))
def test_no_single_move_would_save_infomap_a_bit(n, seed):
    chance = np.random.default_rng(seed)
    pairs = np.unique(np.sort(chance.integers(n, size=(3 * n, 2)), axis=1), axis=0).astype(np.int32)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    walk = infomap.walk(n, pairs, chance.random(len(pairs)) + 0.1)
    found = infomap.clusters(walk)
    least = infomap.bits(walk, found)
    for place in range(n):
        for cluster in range(found.max() + 1):
            other = found.copy()
            other[place] = cluster
            assert infomap.bits(walk, numbered(other)) >= least - 1e-6


def test_infomap_keeps_the_ties():
    x, person = people([20, 20])
    said = pictures(np.where(person == 0, 7, FREE))
    found = infomap.partition(x, built(x, Search(floor=0.3)), 0.4, said)
    together = found[:, None] == found[None, :]
    one = person == 0
    alike = x.astype(np.float64) @ x.astype(np.float64).T >= said.mirror
    assert not (together & ~alike)[np.ix_(one, one)].any()
    assert len(set(found[~one].tolist())) == 1


def test_a_graph_without_edges_leaves_everybody_alone():
    x = np.eye(8, dtype=np.float32)
    assert infomap.partition(x, built(x, Search(floor=0.3)), 0.4).tolist() == list(range(8))


# ---------------------------------------------------------------- k-means


def test_kmeans_finds_as_many_people_as_there_are():
    x, person = people([30] * 6)
    assert (kmeans.partition(x, 6) == numbered(person.astype(np.int32))).all()


@settings(deadline=None, max_examples=40)
@given(n=st.integers(0, 30), clusters=st.integers(1, 40), distinct=st.integers(1, 30), seed=st.integers(0, 99))
def test_kmeans_makes_exactly_as_many_clusters_even_of_equal_faces(n, clusters, distinct, seed):
    x = people([1] * distinct, seed=seed)[0][np.random.default_rng(seed).integers(distinct, size=n)]
    found = kmeans.partition(x, clusters, seed=seed)
    assert len(set(found.tolist())) == min(n, clusters)
    assert (numbered(found) == found).all()


def test_kmeans_of_the_same_seed_is_the_same():
    x, _ = people([5] * 10, noise=2.0)
    assert (kmeans.partition(x, 7, seed=3) == kmeans.partition(x, 7, seed=3)).all()


@pytest.mark.data
def test_kmeans_finds_six_people_of_few_pictures(data):
    stored = np.load(data / "bench" / "lfw_rest_w600k_mbf.npz")
    x, truth = stored["embedding"], stored["identity"]
    known = np.flatnonzero(np.bincount(truth) >= 8)
    found = 0
    for seed in range(20):
        chance = np.random.default_rng(seed)
        of = zip(chance.choice(known, 6, replace=False), chance.integers(2, 9, 6), strict=True)
        rows = np.concatenate([chance.choice(np.flatnonzero(truth == who), many, replace=False) for who, many in of])
        found += len(set(zip(kmeans.partition(x[rows], 6).tolist(), truth[rows].tolist(), strict=True))) == 6
    assert found >= 17


def test_kmeans_makes_another_cluster_rather_than_break_a_tie():
    x, _ = people([10])
    assert kmeans.partition(x, 1, pictures([7, 7, *[FREE] * 8])).max() == 1


# ---------------------------------------------------------------- thresholds


def test_the_threshold_of_the_pack_is_that_which_was_found_on_labelled_data():
    assert [threshold(TAIL, n) for n in (1000, 5000, 11_627, 100_000)] == [0.32, 0.335, 0.345, 0.36]


@given(one=st.integers(0, 10**8), other=st.integers(0, 10**8))
def test_a_threshold_never_falls_as_faces_come(one, other):
    assert threshold(TAIL, min(one, other)) <= threshold(TAIL, max(one, other))


def test_among_a_million_faces_more_is_asked_than_among_a_thousand():
    assert threshold(TAIL, 10**6) >= threshold(TAIL, 1000) + 0.015


@given(n=st.integers(0, 10**9))
def test_thresholds_are_in_order_and_whole_steps(n):
    found = thresholds(TAIL, n)
    assert 0 < found.review < found.join <= found.same <= 0.9
    assert found.floor < found.same
    assert (found.same / 0.005) == pytest.approx(round(found.same / 0.005))


def test_a_pack_of_which_nothing_was_measured_gets_what_does_for_most():
    assert thresholds((), 100_000).same == 0.36


@pytest.mark.parametrize(
    "tail", [((0.3, 1e-5),), ((0.3, 1e-5), (0.2, 1e-6)), ((0.3, 1e-6), (0.4, 1e-5)), ((0.3, 0.0), (0.4, -1))]
)
def test_a_tail_that_is_none_is_refused(tail):
    with pytest.raises(ValueError, match="impostors"):
        threshold(tail, 1000)


# ---------------------------------------------------------------- newcomers


def test_a_newcomer_joins_the_person_whose_faces_are_most_like_it_on_average():
    x, person = people([5, 9, 3])
    sums = np.stack([x[person == at].astype(np.float64).sum(axis=0) for at in range(3)])
    new, _ = people([4, 4, 4], seed=0)
    best, similarity = provisional(new, sums, np.bincount(person))
    means = np.stack([(new.astype(np.float64) @ x[person == at].astype(np.float64).T).mean(axis=1) for at in range(3)])
    assert (best == means.argmax(axis=0)).all()
    assert similarity == pytest.approx(means.max(axis=0), abs=1e-6)


def test_where_there_is_nobody_a_newcomer_joins_nobody():
    best, similarity = provisional(np.eye(2, dtype=np.float32), np.zeros((3, 2)), np.zeros(3, dtype=np.int64))
    assert best.tolist() == [-1, -1]
    assert np.isnan(similarity).all()


# ---------------------------------------------------------------- scores


def test_scores_that_a_person_can_check():
    labels, truth = np.array([0, 0, 0, 1]), np.array([5, 5, 6, 6])
    pairs, faces = scores.pairwise(labels, truth), scores.bcubed(labels, truth)
    assert (pairs.precision, pairs.recall) == (1 / 3, 1 / 2)
    assert pairs.f == pytest.approx(0.4)
    assert faces.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert faces.recall == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=30))
def test_scores_are_those_of_counting_one_by_one(rows):
    labels, truth = (np.array([row[side] for row in rows], dtype=np.int32) for side in (0, 1))
    ours = {(i, j) for i in range(len(rows)) for j in range(i) if labels[i] == labels[j]}
    theirs = {(i, j) for i in range(len(rows)) for j in range(i) if truth[i] == truth[j]}
    pairs = scores.pairwise(labels, truth)
    assert pairs.precision == (len(ours & theirs) / len(ours) if ours else 1.0)
    assert pairs.recall == (len(ours & theirs) / len(theirs) if theirs else 1.0)
    faces = scores.bcubed(labels, truth)
    both = [((labels == a) & (truth == b)).sum() for a, b in rows]
    assert faces.precision == pytest.approx(
        np.mean([n / (labels == a).sum() for n, (a, _) in zip(both, rows, strict=True)]) if rows else 1.0
    )
    assert faces.recall == pytest.approx(
        np.mean([n / (truth == b).sum() for n, (_, b) in zip(both, rows, strict=True)]) if rows else 1.0
    )


# ---------------------------------------------------------------- what is promised of real faces


@pytest.mark.data
@pytest.mark.parametrize(("method", "least"), [("average", 0.991), ("infomap", 0.991)])
def test_real_faces_become_people_with_the_shipped_thresholds(data, method, least):
    stored = np.load(data / "bench" / "lfw_rest_w600k_mbf.npz")
    x, truth = stored["embedding"], stored["identity"]
    limits = thresholds(TAIL, len(x))
    graph = built(x, Search(floor=limits.floor))
    partition = agglomerated if method == "average" else infomap.partition
    found = partition(x, graph, limits.same)
    assert scores.pairwise(found, truth).f >= 0.995
    assert scores.bcubed(found, truth).f >= least
