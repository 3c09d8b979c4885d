"""Topics as a scikit-learn estimator: for notebooks, pipelines, and comparison with other clusterers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from cxnlp.topics.discover import discover
from cxnlp.topics.distinct import Distinct
from cxnlp.topics.fitted import from_centres, place_points
from cxnlp.topics.naming import name_topics
from cxnlp.topics.space import project, unit

__all__ = ["TopicModel"]


class TopicModel(ClusterMixin, TransformerMixin, BaseEstimator):
    """Topics of texts from their embeddings; deterministic, and blind to the order of the rows.

    Parameters
    ----------
    n_topics : 'auto', or how many topics are wanted.
    min_statements : statements that a topic must have.
    sample : most rows that are clustered; the others get the topic that fits.
    refits : bootstrap refits behind ``stability_``; 0 for none.
    random_state : seed of k-means and of the bootstrap. An int, or what scikit-learn accepts.

    Attributes
    ----------
    topics_, labels_ : int array (n,), topic 0..k-1 by size of each row, -1 where it fits none.
    strengths_ : float array (n,), how well it fits, 0 to 1.
    stability_ : float array (k,), share of refits that find the topic again; NaN without refits.
    themes_ : int array (k,), theme of each topic.
    names_ : list of k names; only after a fit on texts.
    n_topics_ : k.

    Examples
    --------
    >>> import cxnlp
    >>> texts = ["The parcel came late", "Late again", "Lovely staff"]
    >>> model = cxnlp.TopicModel(min_statements=1).fit(texts, embeddings=cxnlp.embed(texts))  # doctest: +SKIP
    >>> model.predict(["So late"], embeddings=cxnlp.embed(["So late"]))  # doctest: +SKIP
    """

    def __init__(
        self,
        n_topics: int | str = "auto",
        *,
        min_statements: int = 10,
        sample: int = 20_000,
        refits: int = 20,
        random_state: Any = 0,
    ) -> None:
        self.n_topics = n_topics
        self.min_statements = min_statements
        self.sample = sample
        self.refits = refits
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any = None, *, embeddings: Any = None, languages: Sequence[str] | None = None
    ) -> TopicModel:
        """Find topics.

        Parameters
        ----------
        X : n texts, with ``embeddings``; or float array (n, width) of embeddings, and the topics have no names.
        y : not used.
        embeddings : float array (n, width), such as `cxnlp.embed` makes.
        languages : n language codes; each language's own mean is removed from the embeddings. None: unknown.

        Raises
        ------
        ValueError
            For arrays that do not fit together, and for a number of topics that is none.
        """
        texts, rows, spoken = self._read(X, embeddings, languages, reset=True)
        wanted = self._wanted()
        # Rows sorted by content, not as they came: what follows depends on the set of rows alone.
        digest = np.array([hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in rows], dtype="S16")
        order = np.lexsort([digest, *(np.unique(values, return_inverse=True)[1] for values in (spoken, texts))])
        kept = order[np.linspace(0, len(order) - 1, min(len(order), self.sample)).astype(np.int64)]
        once = np.ones(len(rows))
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = int(check_random_state(seed).randint(2**31 - 1))
        found = discover(
            rows[kept], spoken[kept], once[kept],
            topics=wanted, least=min(self.min_statements, len(rows)), refits=self.refits, seed=int(seed),
        )  # fmt: skip
        points = project(found.space, rows, spoken)
        within = np.isin(np.arange(len(rows)), kept)
        fitted = from_centres(found.space, found.centre, points, once, within)
        placed = place_points(fitted, [], points)
        size = np.bincount(placed.topic[placed.topic >= 0], minlength=len(found.centre))
        by_size = np.lexsort([found.centre[:, 0].round(9), -size])
        rank = np.argsort(by_size)
        self.fitted_ = replace(fitted, centre=fitted.centre[by_size], limit=fitted.limit[by_size])
        self.topics_ = np.append(rank, -1)[placed.topic]
        self.labels_ = self.topics_
        self.strengths_ = placed.strength
        self.stability_ = found.stability[by_size]
        self.themes_ = found.theme[by_size]
        self.n_topics_ = len(by_size)
        if texts.dtype == object:
            self.names_ = self._names(texts[kept], spoken[kept], points[kept], self.topics_[kept])
        elif hasattr(self, "names_"):  # of an earlier fit
            del self.names_
        return self

    def predict(self, X: Any, *, embeddings: Any = None, languages: Sequence[str] | None = None) -> np.ndarray:
        """The topic (n,) of each row, -1 where it fits none; of the rows fitted on, ``topics_``."""
        points = self._points(X, embeddings, languages)
        return place_points(self.fitted_, [], points).topic

    def transform(self, X: Any, *, embeddings: Any = None, languages: Sequence[str] | None = None) -> np.ndarray:
        """How well each row fits each topic: cosines (n, k) with the centroids, cut to 0..1."""
        points = self._points(X, embeddings, languages)
        return (points @ unit(self.fitted_.centre).T).clip(0, 1).round(6)

    def fit_predict(self, X: Any, y: Any = None, **given: Any) -> np.ndarray:
        """`fit`, and the topics (n,) of the rows."""
        return self.fit(X, y, **given).topics_

    def fit_transform(self, X: Any, y: Any = None, **given: Any) -> np.ndarray:
        """`fit`, and how well each row fits each topic (n, k)."""
        return self.fit(X, y, **given).transform(X, **given)

    def _points(self, X: Any, embeddings: Any, languages: Sequence[str] | None) -> np.ndarray:
        check_is_fitted(self)
        _, rows, spoken = self._read(X, embeddings, languages, reset=False)
        return project(self.fitted_.space, rows, spoken)

    def _read(
        self, X: Any, embeddings: Any, languages: Sequence[str] | None, *, reset: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Texts (or zeros where X are embeddings), embeddings and languages, as long as each other."""
        rows = validate_data(self, X if embeddings is None else embeddings, dtype=[np.float64, np.float32], reset=reset)
        texts = np.zeros(len(rows)) if embeddings is None else np.array(list(X), dtype=object)
        spoken = (
            np.full(len(rows), "", dtype=object)
            if languages is None
            else np.array([one if isinstance(one, str) else "" for one in languages], dtype=object)
        )
        if not len(rows) == len(texts) == len(spoken):
            raise ValueError(
                f"{len(texts)} texts, {len(rows)} embeddings and {len(spoken)} languages: one each is needed"
            )
        return texts, rows, spoken

    def _wanted(self) -> int | None:
        if self.n_topics == "auto":
            return None
        if isinstance(self.n_topics, str) or self.n_topics < 1 or int(self.n_topics) != self.n_topics:
            raise ValueError(f"n_topics = {self.n_topics!r}: 'auto' or a whole number from 1 is needed")
        return int(self.n_topics)

    def _names(self, texts: np.ndarray, spoken: np.ndarray, points: np.ndarray, topics: np.ndarray) -> list[str]:
        everything = np.arange(len(texts))
        unique = Distinct(texts, spoken, np.ones(len(texts)), everything, everything, everything)
        return [one.name for one in name_topics(unique, topics, points, self.n_topics_).described]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = False
        return tags
