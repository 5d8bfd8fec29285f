"""What the quick average linkage is made of: a table, heaps and a queue, each as a plain one would be."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.faces.cluster.merging.crowd import CLUSTER, GONE
from pipelines.faces.cluster.merging.edges import BOUND, DEAD, EDGE
from pipelines.faces.cluster.merging.heaps import NONE, added, melded, removed
from pipelines.faces.cluster.merging.joins import packed
from pipelines.faces.cluster.merging.table import EMPTY, forgotten, noted, place, table
from pipelines.faces.cluster.merging.waiting import dropped, put, queue, tidied

QUICK = settings(deadline=None, max_examples=60)


@QUICK
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=80))
def test_the_table_knows_what_a_dict_knows(steps):
    rows, known = table(20), {}
    for one, two, goes in steps:
        pair = (min(one, two), max(one, two))
        if goes and pair in known:
            forgotten(rows, two, one)
            del known[pair]
        elif pair not in known and len(known) < 20:
            noted(rows, one, two, len(known))
            known[pair] = len(known)
    for one in range(10):
        for two in range(10):
            assert rows[place(rows, one, two)]["edge"] == known.get((min(one, two), max(one, two)), EMPTY)


@QUICK
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=60), st.randoms(use_true_random=False))
def test_a_heap_gives_the_best_first_whatever_was_added_and_removed(steps, chance):
    edges = np.zeros(len(steps), dtype=EDGE)
    heap, there = NONE, set()
    for at, (rank, goes) in enumerate(steps):
        edges[at]["rank"], edges[at]["tie"] = rank, chance.randrange(1000) * 100 + at
        heap = added(edges, heap, at)
        there.add(at)
        if goes:
            gone = chance.choice(sorted(there))
            heap = removed(edges, heap, gone)
            there.remove(gone)
    order = []
    while heap != NONE:
        order.append(heap)
        heap = removed(edges, heap, heap)
    assert order == sorted(there, key=lambda at: (-edges[at]["rank"], edges[at]["tie"]))


def test_two_heaps_become_one():
    edges = np.zeros(4, dtype=EDGE)
    edges["rank"] = [3, 1, 2, 4]
    one, other = added(edges, added(edges, NONE, 0), 1), added(edges, added(edges, NONE, 2), 3)
    assert melded(edges, one, other) == 3
    assert melded(edges, NONE, one) == one


@QUICK
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=60))
def test_the_queue_gives_the_highest_first_and_among_equals_the_smallest_rows(entries):
    waiting = queue(len(entries))
    clusters = np.zeros(max(len(entries), 1), dtype=CLUSTER)
    for at, (key, low, high, stays) in enumerate(entries):
        put(waiting, float(key), at, low, high)
        clusters[at]["key"] = key if stays else GONE
    tidied(waiting, clusters)
    order = []
    while waiting[-1]["size"]:
        order.append(tuple(waiting[0][["key", "low", "high"]].item()))
        dropped(waiting)
    wanted = [(key, low, high) for key, low, high, stays in entries if stays]
    assert order == sorted(wanted, key=lambda entry: (-entry[0], entry[1], entry[2]))


def test_packing_keeps_the_ends_of_living_edges_with_their_clusters():
    edges, clusters = np.zeros(4, dtype=EDGE), np.zeros(3, dtype=CLUSTER)
    edges["state"] = [BOUND, DEAD, BOUND, BOUND]
    pool = np.array([-1, 0, 2, -1, -1, 4, 6, -1], dtype=np.int32)  # ends of the edges 0, 1, then 2, 3
    clusters["place"], clusters["count"], clusters["room"] = [1, 0, 5], [2, 0, 2], [4, 0, 3]
    assert packed(edges, clusters, pool) == 3
    assert [pool[c["place"] : c["place"] + c["count"]].tolist() for c in clusters] == [[0], [], [4, 6]]
