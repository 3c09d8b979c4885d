"""Clustering: weighted Ward, the number of topics, stability, assignment."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cut_tree, linkage
from sklearn.metrics import adjusted_rand_score

from cxnlp.topics.assign import fit, limits, nearest, unfit
from cxnlp.topics.cluster import centroids, groups, merge_small, ward
from cxnlp.topics.discover import discover
from cxnlp.topics.fitted import from_centres
from cxnlp.topics.number import aic, choose_number
from cxnlp.topics.space import fit_space, gather, project
from cxnlp.topics.stability import fit_tree, jaccard, merged_stability, partition, resample, stability


def blobs(k: int, n: int, noise: float, seed: int = 0, width: int = 16) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    truth = np.arange(n) % k
    points = 3 * np.eye(width)[truth] + noise * random.normal(size=(n, width))
    return points / np.linalg.norm(points, axis=1, keepdims=True), truth


@pytest.mark.parametrize("n", [2, 3, 30])
def test_ward_of_single_points_agrees_with_scipy(n: int) -> None:
    points = np.random.default_rng(n).normal(size=(n, 4))
    assert np.allclose(ward(points, np.ones(n)), linkage(points, "ward"))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), st.integers(0, 1000))
def test_ward_ofgroups_continues_ward_of_their_points(m: int, seed: int) -> None:
    """Groups of repeated points: SciPy joins the copies at height 0 first, then must agree."""
    random = np.random.default_rng(seed)
    centre, size = random.normal(size=(m, 3)), random.integers(1, 5, size=m)
    expected = linkage(np.repeat(centre, size, axis=0), "ward")[-(m - 1) :, 2]
    assert np.allclose(ward(centre, size.astype(float))[:, 2], expected)


@pytest.mark.parametrize("k", [1, 2, 7, 79, 80])
def testgroups_are_those_of_scipy(k: int) -> None:
    points = np.random.default_rng(3).normal(size=(80, 3))
    linked = ward(points, np.ones(80))
    assert adjusted_rand_score(cut_tree(linked, k).ravel(), groups(linked, k)) == 1


def test_ward_linkage_can_be_cut() -> None:
    points, truth = blobs(4, 80, 0.3)
    assert adjusted_rand_score(truth, cut_tree(ward(points, np.ones(80)), 4).ravel()) == 1


@pytest.mark.parametrize("n", [120, 1_500])
def test_planted_clusters_and_their_number(n: int) -> None:
    points, truth = blobs(7, n, 0.3)
    weights = np.ones(n)
    fit = fit_tree(points, weights, np.arange(n), 0)
    refits = resample(points, weights, number=5, seed=0)
    assert abs(choose_number(points, fit, refits, most=60) - 7) <= 1
    labels = partition(points, fit, 7)
    assert adjusted_rand_score(truth, labels) == 1
    assert stability(points, labels, refits)[0].tolist() == [1.0] * 7


def test_noise_has_unstable_topics() -> None:
    """Simulation with known truth: no clusters at all, so refits must not agree on twelve of them."""
    points = np.random.default_rng(0).normal(size=(800, 16))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    weights = np.ones(800)
    labels = partition(points, fit_tree(points, weights, np.arange(800), 0), 12)
    found, mean = stability(points, labels, resample(points, weights, number=6, seed=0))
    assert found.mean() < 0.3 and mean.mean() < 0.45


def test_jaccard_by_hand() -> None:
    """Cluster 0 = {0,1,2}, best match {0,1}: 2/3. Cluster 1 = {3,4}, best match {2,3,4}: 2/3. Cluster 2: none."""
    best = jaccard(np.array([0, 0, 0, 1, 1]), np.array([1, 1, 0, 0, 0]), 3)
    assert np.allclose(best, [2 / 3, 2 / 3, np.nan], equal_nan=True)


def test_stability_without_refits_is_missing() -> None:
    points, truth = blobs(3, 30, 0.1)
    assert np.isnan(stability(points, truth, [])[0]).all()


def test_aic_by_hand() -> None:
    """Two clusters of two points at distance 1 from their centroids in the plane: S = 4, n d = 8."""
    points = np.array([[0.0, 0], [2, 0], [10, 0], [12, 0]])
    assert aic(points, np.array([0, 0, 1, 1])) == pytest.approx(8 * np.log(4 / 8) + 2 * 4 * np.log(2) + 2 * 2 * 3)


def test_small_clusters_go_to_their_nearest_neighbour() -> None:
    points = np.array([[0.0], [0.1], [0.2], [1.0], [9.0], [9.1], [9.2]])
    merged = merge_small(points, np.ones(7), np.array([0, 0, 0, 1, 2, 2, 2]), np.ones(7), 3)
    assert merged.tolist() == [0, 0, 0, 0, 1, 1, 1]
    counted = merge_small(points, np.ones(7), np.array([0, 0, 0, 1, 2, 2, 2]), np.array([1, 1, 1, 5, 1, 1, 1]), 3)
    assert counted.max() == 2


def test_nearest_agrees_with_distances() -> None:
    random = np.random.default_rng(2)
    points, centre = random.normal(size=(50, 5)), random.normal(size=(6, 5))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    topic = nearest(points, centre)
    assert np.array_equal(topic, ((points[:, None] - centre) ** 2).sum(axis=2).argmin(axis=1))
    cosine = points @ (centre / np.linalg.norm(centre, axis=1, keepdims=True)).T
    fitting = fit(points, centre, np.arange(6), topic, topic, np.arange(6))
    assert np.allclose(fitting.strength, cosine[np.arange(50), topic].clip(0, 1), atol=1e-6)
    others = np.where(np.arange(6) == topic[:, None], -np.inf, cosine).max(axis=1)
    assert np.allclose(fitting.margin, cosine[np.arange(50), topic] - others, atol=1e-6)
    one_topic = fit(points, centre, np.zeros(6, dtype=int), topic, topic, np.arange(6))
    assert np.isinf(one_topic.margin).all() and np.array_equal(one_topic.strength, fitting.strength)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(1, 6), st.integers(0, 99))
def test_never_more_than_five_percent_unassigned(n: int, k: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(size=(n, 4))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    counts = random.integers(1, 50, size=n).astype(float)
    centre = random.normal(size=(k, 4))
    own = nearest(points, centre)
    fitting = fit(points, centre, np.arange(k), own, own, np.arange(k))
    left = unfit(own, fitting, limits(own, fitting.strength, counts, k))
    assert counts[left].sum() <= 0.05 * counts.sum() + 1e-9


def test_limits_compare_each_statement_with_the_others() -> None:
    points, truth = blobs(3, 30, 0.4)
    centre = centroids(points, np.ones(30), truth)
    fitted = from_centres(
        fit_space(points, np.full(30, "", dtype=object)), centre, points, np.ones(30), np.ones(30) > 0
    )
    own = nearest(points, centre)
    rest = np.stack([points[(own == own[i]) & (np.arange(30) != i)].mean(axis=0) for i in range(30)])
    expected = np.einsum("nd,nd->n", points, rest / np.linalg.norm(rest, axis=1, keepdims=True))
    assert np.array_equal(own, truth)
    assert np.allclose(fitted.limit, [expected[own == one].min() for one in range(3)], atol=1e-6)


def test_gathering_brings_neighbours_together_and_leaves_topics_apart() -> None:
    points, truth = blobs(5, 400, 0.6)
    moved = gather(points)
    same = truth[:, None] == truth
    assert np.allclose(np.linalg.norm(moved, axis=1), 1)
    assert (moved @ moved.T)[same].mean() > (points @ points.T)[same].mean() + 0.2
    assert (moved @ moved.T)[~same].mean() < 0.2


def test_merged_topics_are_found_again_by_merging_what_refits_find() -> None:
    points, truth = blobs(5, 600, 0.3)
    refits = resample(points, np.ones(600), number=4, seed=0)
    assert merged_stability(points, truth, (1, 3), refits) == 1
    noise = np.random.default_rng(1).integers(0, 5, 600)
    assert merged_stability(points, noise, (1, 3), refits) == 0
    assert np.isnan(merged_stability(points, truth, (1, 3), []))
    assert np.isnan(merged_stability(points, truth, (0, 1, 2, 3, 4), refits))


def test_any_number_of_threads_gives_the_same_bits() -> None:
    """In processes of their own, because a number of threads is for good."""
    code = (
        "import numpy as np, hashlib\n"
        "from cxnlp.topics import discover\n"
        "points = np.random.default_rng(0).normal(size=(3000, 64)) + 2\n"
        "found = discover(points, np.full(3000, '', dtype=object), np.ones(3000), refits=6)\n"
        "parts = (found.centre, found.labels, found.stability, *(refit.tree.linkage for refit in found.refits))\n"
        "print(hashlib.sha256(b''.join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest())\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "4")
    }
    assert len(said) == 1


def test_space_is_blind_to_language_offsets_and_has_unit_rows() -> None:
    random = np.random.default_rng(0)
    base = np.tile(random.normal(size=(2_000, 12)), (2, 1))
    languages = np.repeat(np.array(["en", "it"], dtype=object), 2_000)
    moved = base + np.where(languages == "it", 3.0, 0.0)[:, None]
    points = project(fit_space(moved, languages), moved, languages)
    assert np.allclose(np.linalg.norm(points, axis=1), 1)
    assert (points[:2_000] * points[2_000:]).sum(axis=1).mean() > 0.98


@pytest.mark.parametrize("n", [1, 2, 5])
def test_space_of_few_or_equal_points(n: int) -> None:
    same = np.tile(np.eye(6)[:1], (n, 1))
    languages = np.full(n, "en", dtype=object)
    assert np.array_equal(project(fit_space(same, languages), same, languages), np.zeros((n, 1)))


def test_discover_accepts_plain_arrays() -> None:
    points, truth = blobs(5, 400, 0.3)
    found = discover(points, np.full(400, "", dtype=object), np.ones(400), topics=5, refits=3)
    assert adjusted_rand_score(truth, found.labels) == 1
    assert found.centre.shape[0] == found.theme.shape[0] == found.stability.shape[0] == 5
    assert np.array_equal(np.unique(found.theme), np.arange(found.theme.max() + 1))


def test_centroids_are_weighted_means() -> None:
    mean = centroids(np.array([[0.0], [3.0], [5.0]]), np.array([2.0, 1.0, 1.0]), np.array([0, 0, 1]))
    assert np.allclose(mean, [[1.0], [5.0]])


def test_one_round_cloud_is_not_halved() -> None:
    """Without structure the criterion asks for one cluster, whatever the number of dimensions."""
    for width in (4, 64):
        points = np.random.default_rng(width).normal(size=(600, width))
        fit = fit_tree(points, np.ones(600), np.arange(600), 0)
        whole, halves = (aic(points, partition(points, fit, k)) for k in (1, 2))
        assert whole < halves
