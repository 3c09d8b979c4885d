"""Who mentions what: the share of units that mention each topic, by the outcome and the controls together.

It looks from the other side than the drivers do: not who leaves among those who mention it, but who mentions it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import t
from threadpoolctl import threadpool_limits

from cxnlp.drivers.canonical import kinds, patterns
from cxnlp.drivers.cells import MIN_GROUP, blocks
from cxnlp.drivers.controls import Term, independent
from cxnlp.drivers.gold import Labelled
from cxnlp.drivers.pseudo import Labels, Response, as_tagged, correctable, corrected
from cxnlp.drivers.robust import MIN_CLUSTERS, exact_sum, holding
from cxnlp.drivers.sample import Sample

__all__ = ["prevalence"]

_PER_PARAMETER = 10
_MIN_OF_EACH = 10


def prevalence(sample: Sample, tests: pd.DataFrame, gold: Labelled | None) -> pd.DataFrame:
    """The `prevalence` rows of an event, without names and q: a row per test and term, the outcome first.

    One linear regression per test, all at once: the mention on the outcome and the levels of the controls. A
    coefficient is the difference in the share of units that mention it, all other terms being equal. Variances are HC2
    (MacKinnon and White 1985, Journal of Econometrics 29:305-325), and the classical ones where those are larger and
    fewer than 10 of the term's units, or of the others, mention it or do not. With clusters CR1, never below
    that, with t of as many degrees of freedom as clusters hold the mention, or the term, less one
    (`robust.Units.freedom`); otherwise t of units less parameters.

    After an audit the pseudo-mentions of `pseudo.corrected` take the place of the tags: their errors, and what is not
    known of them, are then in the interval. That is what the method of composition does for topic proportions (Roberts
    et al. 2014, American Journal of Political Science 58:1064-1082), with draws from a model where this has labels.

    Parameters
    ----------
    sample : n units of an event, k tests; its design must have terms.
    tests : columns topic_id, polarity and column, the number of the test among the k.
    gold : the audit, in the rows of ``Family.units``; None without one.

    Returns
    -------
    Columns topic_id, polarity, term, reference, n, share, value, low, high, p, method. Numbers are NaN, and the method
    says why, with fewer than 10 units per coefficient or 5 mentions or others.
    """
    terms = (Term(sample.outcome.label, "the others"), *sample.design.terms)
    with threadpool_limits(limits=1):
        model, mentions, labels = _model(sample, tests["column"].to_numpy(dtype=np.intp), gold)
        why = _inestimable(model, mentions)
        able = np.zeros(len(tests), dtype=bool) if labels is None else correctable(mentions, labels)
        found = {name: np.full((len(terms), len(tests)), np.nan) for name in ("value", "low", "high", "p")}
        share = np.asarray(mentions.sum(axis=0), dtype=float) / max(mentions.shape[0], 1)
        for chosen in (~able & (why == ""), able & (why == "")):
            for block in blocks(np.flatnonzero(chosen), max(len(model.size), model.clusters)):
                said = mentions[:, block]
                if labels is not None and able[block[0]]:
                    response = corrected(said, model.pattern, model.size, labels.take(slice(None), block), model.bad)
                else:
                    response = as_tagged(said, model.pattern, model.size)
                share[block] = response.total.sum(axis=0) / model.size.sum()
                for name, values in _fitted(model, response, said).items():
                    found[name][:, block] = values
    method = [_method(sample, labels, *one) for one in zip(why, able, strict=True)]
    repeated = tests[["topic_id", "polarity"]].loc[tests.index.repeat(len(terms))].reset_index(drop=True)
    return repeated.assign(
        term=[term.name for term in terms] * len(tests),
        reference=[term.reference for term in terms] * len(tests),
        n=len(sample.y),
        share=np.repeat(share, len(terms)),
        **{name: values.T.ravel() for name, values in found.items()},
        method=np.repeat(np.array(method, dtype=object), len(terms)),
    )


@dataclass(frozen=True, slots=True)
class _Model:
    """The regression that all tests share. ``matrix`` (P, q) of P patterns of units: intercept, outcome, controls.
    ``pattern`` int (n,); ``size`` (P,): units; ``bad`` bool (P,). ``cluster`` int (n,), from 0, or None. ``inverse`` of
    the matrix of products (q, q); ``pull`` (P, q): what a unit's response adds to each coefficient; ``free`` (P,): 1 -
    leverage. ``why``: why there is no estimate, or ''."""

    matrix: np.ndarray
    pattern: np.ndarray
    size: np.ndarray
    bad: np.ndarray
    cluster: np.ndarray | None
    inverse: np.ndarray
    pull: np.ndarray
    free: np.ndarray
    why: str

    @property
    def clusters(self) -> int:
        """Number of clusters; 0 where units are independent."""
        return 0 if self.cluster is None else int(self.cluster.max(initial=-1)) + 1


def _model(
    sample: Sample, columns: np.ndarray, gold: Labelled | None
) -> tuple[_Model, sparse.csr_array, Labels | None]:
    """The model, the mentions of the tests and their labels, units in an order that is not that of the input."""
    mentions = sparse.csr_array(sample.mentions)[:, columns]
    labels = None
    if gold is not None:
        known = gold.known[sample.rows]
        chance = np.where(known, gold.probability[sample.rows], 1.0)
        labels = Labels(sparse.csr_array(gold.mentions[sample.rows])[:, columns], known, chance)
    code, bad, cluster = 2 * sample.design.cell + sample.bad, sample.bad, sample.cluster
    if cluster is not None:
        # Only sums over clusters are sums of numbers that differ between alike units.
        keys = [patterns(mentions), code, cluster]
        if labels is not None:
            keys = [patterns(labels.mentions), labels.chance, labels.known, *keys]
        order = np.argsort(kinds(*keys), kind="stable")
        mentions, code, bad, cluster = mentions[order], code[order], bad[order], cluster[order]
        labels = None if labels is None else labels.take(order, slice(None))
        cluster = np.unique(cluster, return_inverse=True)[1].ravel()
    present, first, pattern = np.unique(code, return_index=True, return_inverse=True)
    of_controls = sample.design.matrix[present // 2]
    matrix = np.column_stack([of_controls[:, :1], bad[first], of_controls[:, 1:]]).astype(float)
    size = np.bincount(pattern.ravel(), minlength=len(present)).astype(float)
    shape, why = matrix.shape[1], ""
    if len(code) < _PER_PARAMETER * shape:
        why = f"fewer than {_PER_PARAMETER} units per coefficient"
    elif len(independent(matrix)) < shape:
        why = "the controls determine the outcome"
    inverse = np.full((shape, shape), np.nan) if why else np.linalg.inv((matrix * size[:, None]).T @ matrix)
    pull = matrix @ inverse
    free = 1 - (pull * matrix).sum(axis=1)
    return _Model(matrix, pattern.ravel(), size, bad[first], cluster, inverse, pull, free, why), mentions, labels


def _inestimable(model: _Model, mentions: sparse.csr_array) -> np.ndarray:
    """Why there is no estimate, object array (tests,); '' where there is."""
    size = np.asarray(mentions.sum(axis=0))
    why = np.full(len(size), model.why, dtype=object)
    why[(why == "") & (np.minimum(size, mentions.shape[0] - size) < MIN_GROUP)] = (
        f"fewer than {MIN_GROUP} mentions or others"
    )
    if model.cluster is not None:
        few = holding(model.cluster, mentions) < MIN_CLUSTERS
        why[(why == "") & few] = f"mentions or others in fewer than {MIN_CLUSTERS} clusters"
    return why


def _fitted(model: _Model, response: Response, mentions: sparse.csr_array) -> dict[str, np.ndarray]:
    """value, low, high and p of every term, (terms, tests)."""
    n, parameters = model.size.sum(), model.matrix.shape[1]
    coefficient = model.inverse @ (model.matrix.T @ response.total)
    mean = model.matrix @ coefficient
    squares = response.squares(mean)
    # A unit that determines a coefficient alone has no residual, and nothing to divide it by.
    variance = (model.pull**2).T @ (squares / np.where(model.free > 1e-9, model.free, np.inf)[:, None])
    classical = np.diag(model.inverse)[:, None] * (squares.sum(axis=0) / (n - parameters))
    variance = np.where(_scarce(model, response.total), np.maximum(variance, classical), variance)
    variance += response.unseen(model.pull**2)
    freedom = np.full(variance.shape, n - parameters)
    if model.cluster is not None:
        groups = np.minimum.outer(_clusters_of_terms(model), holding(model.cluster, mentions)).astype(float)
        by_cluster = _by_cluster(model, response, mean) * (n - 1) / (n - parameters)
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = np.maximum(variance, by_cluster * groups / (groups - 1))
        freedom, variance = groups - 1, np.where(groups < MIN_CLUSTERS, np.nan, variance)
    se = np.sqrt(np.where(variance > 0, variance, np.nan))[1:]
    value = np.where(np.isnan(se), np.nan, coefficient[1:])
    with np.errstate(invalid="ignore"):
        reach, p = t.isf(0.025, freedom[1:]) * se, 2 * t.sf(np.abs(value) / se, freedom[1:])
    return {"value": value, "low": value - reach, "high": value + reach, "p": p}


def _scarce(model: _Model, said: np.ndarray) -> np.ndarray:
    """Terms whose units, or the others, have too few mentions or too few without: bool (parameters, tests).

    ``said`` (P, tests): mentions by pattern.
    """
    with_, size = model.matrix.T @ said, (model.matrix.T @ model.size)[:, None]
    without, others = said.sum(axis=0) - with_, model.size.sum() - size
    return np.minimum.reduce([with_, size - with_, without, others - without]) < _MIN_OF_EACH


def _clusters_of_terms(model: _Model) -> np.ndarray:
    """Clusters with units of each column of the matrix, or without, whichever are fewer; of the intercept, all."""
    assert model.cluster is not None
    found = holding(model.cluster, sparse.csr_array(model.matrix.astype(np.int64))[model.pattern])
    found[0] = model.clusters
    return found


def _by_cluster(model: _Model, response: Response, mean: np.ndarray) -> np.ndarray:
    """Sums over clusters of the squares of what each adds to the coefficients, (parameters, tests)."""
    assert model.cluster is not None
    every = np.arange(len(model.pattern))
    found = np.zeros((model.matrix.shape[1], mean.shape[1]))
    for number, pull in enumerate(model.pull.T):
        each = pull[model.pattern]
        units = sparse.csr_array((each, (model.cluster, every)), shape=(model.clusters, len(every)))
        cells = sparse.csr_array((each, (model.cluster, model.pattern)), shape=(model.clusters, len(mean)))
        found[number] = exact_sum(((units @ response.entries).toarray() + cells @ (response.level - mean)) ** 2)
    return found


def _method(sample: Sample, labels: Labels | None, why: str, able: bool) -> str:
    if why:
        return f"none: {why}"
    words = "linear, HC2" if sample.cluster is None else "linear, CR1 by cluster"
    if labels is None:
        return f"{words}; tagging errors are not in the interval"
    if not able:
        return f"{words}; too few audited mentions: tagging errors are not in the interval"
    return f"{words}; tagging errors taken out with {int(labels.known.sum())} labelled units"
