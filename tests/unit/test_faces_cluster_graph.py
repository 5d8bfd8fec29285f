"""Each face's nearest: exact, the same to the bit however the graph came about."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.faces.cluster import graph as graphs
from pipelines.faces.cluster import wide
from pipelines.faces.cluster.codes import coded
from pipelines.faces.cluster.graph import NONE, Graph, Search, Task, built, compared, extended, without
from pipelines.faces.cluster.halves import halves, products, similarities
from pipelines.faces.cluster.sweep import swept

SEARCH = Search(floor=0.3, k=4, threads=2)


def faces(n, dimension=64, people=None, seed=0):
    """Unit vectors around as many centres, some of them twice."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((people or max(1, n // 5), dimension))
    rows = centres[chance.integers(len(centres), size=n)] + 0.7 * chance.standard_normal((n, dimension))
    rows[1::17] = rows[: len(rows[1::17])]
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def obvious(embeddings, floor, k):
    """The lists, by sorting everything."""
    lists = []
    for row, one in enumerate(embeddings.astype(np.float64)):
        near = [(-np.float32(one @ other), at) for at, other in enumerate(embeddings.astype(np.float64)) if at != row]
        lists.append([(at, -similarity) for similarity, at in sorted(near) if -similarity >= np.float32(floor)][:k])
    return lists


def same(one: Graph, other: Graph) -> bool:
    return bool((one.neighbours == other.neighbours).all() and (one.similarity == other.similarity).all())


def as_lists(graph):
    return [
        [(int(at), similarity) for at, similarity in zip(*row, strict=True) if at != NONE]
        for row in zip(graph.neighbours, graph.similarity, strict=True)
    ]


def test_each_list_holds_the_nearest_over_the_floor_and_among_equals_the_smallest_rows():
    x = faces(120)
    assert as_lists(built(x, SEARCH)) == obvious(x, 0.3, 4)


def test_three_faces_that_a_person_can_check():
    x = np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32)
    graph = built(x, Search(floor=0.5, k=2))
    assert graph.neighbours.tolist() == [[1, NONE], [0, 2], [1, NONE]]
    assert graph.similarity[:, 0] == pytest.approx([0.8, 0.8, 0.6], abs=1e-3)


def test_similarities_are_exact_so_the_order_of_a_sum_changes_no_bit():
    x = faces(40, dimension=512)
    backwards = similarities(x[:, ::-1], x[:, ::-1])
    assert (similarities(x, x) == backwards).all()
    assert (similarities(x, x) == similarities(x, x).T).all()


def test_what_is_no_unit_vector_is_refused_with_its_row():
    x = faces(10)
    x[7] = 2.0
    with pytest.raises(ValueError, match="embedding 7 is not a unit vector"):
        built(x, SEARCH)
    x[7] = np.nan
    with pytest.raises(ValueError, match="embedding 7"):
        halves(x)


@pytest.mark.parametrize("instruction", [True, False], ids=["codes", "floats"])
@pytest.mark.parametrize("shape", [(2500, 512, 500), (1000, 130, 1), (961, 128, 961), (3, 64, 1)], ids=str)
def test_the_sweep_finds_what_comparing_all_finds(monkeypatch, instruction, shape):
    if instruction and not wide.there():
        pytest.skip("this processor has no VNNI")
    monkeypatch.setattr(wide, "there", lambda: instruction)
    n, dimension, people = shape
    x = faces(n, dimension, people)
    empty = Graph(np.full((n, 4), NONE, dtype=np.int32), np.zeros((n, 4), dtype=np.float32))
    task = Task(lists=empty, fresh=np.arange(n, dtype=np.int32), mutual=True)
    assert same(swept(task, x, SEARCH), compared(task, x, SEARCH))


@pytest.mark.parametrize("quick", [True, False], ids=["swept", "compared"])
@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 60), old=st.integers(0, 60), seed=st.integers(0, 99), k=st.integers(1, 6))
def test_an_extended_graph_equals_one_built_from_nothing(quick, n, old, seed, k):
    x, search = faces(n, 16, seed=seed), Search(floor=0.2, k=k)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs, "SWEPT_FROM", 0 if quick else 2**62)
        assert same(extended(built(x[: min(old, n)], search), x, search), built(x, search))


@pytest.mark.parametrize("quick", [True, False], ids=["swept", "compared"])
@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 60), seed=st.integers(0, 99), k=st.integers(1, 6), share=st.floats(0, 1))
def test_a_graph_without_some_equals_one_built_of_the_others(quick, n, seed, k, share):
    x, search = faces(n, 16, seed=seed), Search(floor=0.2, k=k)
    gone = np.flatnonzero(np.random.default_rng(seed).random(n) < share)
    left = np.delete(x, gone, axis=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graphs, "SWEPT_FROM", 0 if quick else 2**62)
        assert same(without(built(x, search), gone, left, search), built(left, search))


def test_the_way_through_all_blocks_is_told():
    told = []
    built(faces(3000), Search(floor=0.3, told=told.append))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_graph_with_another_k_is_not_extended():
    x = faces(10)
    with pytest.raises(ValueError, match="build it anew"):
        extended(built(x, SEARCH), x, Search(floor=0.3, k=5))


def test_no_pair_is_further_from_its_coded_similarity_than_its_bound():
    x = faces(300, 512)
    x[0], x[1] = 0, 0
    x[0, 0] = x[1, 0] = 1  # one number and nothing else: the coarsest code
    codes = coded(x, np.arange(300, dtype=np.int32), 320)
    code = codes.packed.transpose(0, 2, 1, 3).reshape(320, 512).astype(np.int64)
    near = (code @ code.T) * np.outer(codes.scale, codes.scale)
    off = np.abs(near[:300, :300] - similarities(x, x))
    bound = codes.error[:300, None] + codes.error[None, :300]
    assert (off <= bound).all()
    assert (codes.total == code.sum(axis=1)).all()
    assert bound.mean() < 0.03
    assert (codes.error[300:] < -1).all()


def test_the_edges_of_a_graph_are_each_pair_once_with_the_smaller_row_first():
    graph = built(np.array([[1, 0], [0.8, 0.6], [0, 1]], dtype=np.float32), Search(floor=0.5, k=1))
    pairs, similarity = graph.edges(0.55)
    assert pairs.tolist() == [[0, 1], [1, 2]]
    assert similarity == pytest.approx([0.8, 0.6], abs=1e-3)
    assert graph.edges(0.7)[0].tolist() == [[0, 1]]


def test_products_of_sums_are_the_same_bits_both_ways():
    sums = np.cumsum(faces(50, 130).astype(np.float64), axis=0)
    both = np.array([products(sums, one) for one in sums])
    assert (both == both.T).all()
    assert both == pytest.approx(sums @ sums.T)
