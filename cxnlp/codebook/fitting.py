"""A codebook and the embeddings of its texts in, a `Tagger` out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import logit
from sklearn import config_context
from threadpoolctl import threadpool_limits

from cxnlp.codebook.book import STAGE, Codebook, Tag
from cxnlp.codebook.calibration import fit_sigmoid
from cxnlp.codebook.conformal import Limits, examples_needed, limits
from cxnlp.codebook.held_out import HeldOut, fit_tag, held_out, training_negatives
from cxnlp.codebook.references import Members, References, hash_order, members, negatives, references, text_hash
from cxnlp.codebook.scoring import WORD_OFFSET, WORD_SLOPE, centred, from_words
from cxnlp.errors import InternalError, SettingsError
from cxnlp.results import Note

__all__ = ["BASES", "MARGIN", "MAX_POOLED", "MIN_EXAMPLES", "OWN_SIGMOID", "Tagger", "fit"]

BASES = {
    "examples": "enough examples: wrong answers of either kind are bounded by the error rate",
    "few examples": "too few examples for a bound: yes from probability .7, no up to .3",
    "description": "no two examples: resemblance to the description, with no bound and a borrowed calibration",
}
"""What an answer rests on, and what that promises."""

MIN_EXAMPLES = 2
"""From so many examples a tag is learnt from them."""

OWN_SIGMOID = 8
"""From so many examples a tag has a sigmoid of its own; tags with fewer share one."""

MAX_POOLED = 200
"""Most tags with few examples that are cross-validated for the shared sigmoid."""

MARGIN = 0.2
"""Without a bound, yes from probability .5 plus this, no up to .5 minus this, in between doubt."""


@dataclass(frozen=True, slots=True)
class Tagger:
    """A fitted codebook of k tags, in the book's order.

    ``centre`` (width,), ``weight`` (width, k), ``intercept`` (k,): the score of a statement. ``slope`` and
    ``offset`` (k,): its probability. ``yes_from`` and ``no_to`` (k,): 'yes' is possible from that score on, 'no' up
    to that one; both or neither is doubt. ``separation`` (k,): chance that a held-out example scores above a
    text that is none (NaN where that was not measured). ``known``: text -> tag -> what the book itself answers.
    ``n_fits``: how many models were fitted.
    """

    tags: tuple[Tag, ...]
    basis: tuple[str, ...]
    n_examples: np.ndarray
    n_counter_examples: np.ndarray
    centre: np.ndarray
    weight: np.ndarray
    intercept: np.ndarray
    slope: np.ndarray
    offset: np.ndarray
    yes_from: np.ndarray
    no_to: np.ndarray
    separation: np.ndarray
    known: Mapping[str, Mapping[int, bool]]
    error_rate: float
    n_fits: int
    notes: tuple[Note, ...]


def fit(book: Codebook, embedding: np.ndarray, *, error_rate: float = 0.10, seed: int = 0) -> Tagger:
    """Learn to tag.

    A tag with two examples or more is learnt from them (`scoring.from_examples`); scores of held-out texts give
    its sigmoid (`calibration`) and its bounds (`conformal`). With n + 1 < 1 / ``error_rate`` examples no bound can
    be had; such a tag answers by probability. A tag with fewer examples than two is compared with its description.
    Probabilities are those for texts mixed like the book's own and the background: not shares in other data.

    The result depends on the texts alone, not on the order of tags or examples nor on the number of threads.

    Parameters
    ----------
    book : k tags.
    embedding : float32 array (m, width), rows of length 1, in the order of ``texts(book)``.
    error_rate : most wrong answers of either kind, 0 to .5; see `conformal` for what is promised.
    seed : of the hash that deals texts to folds.
    """
    if not 0 < error_rate < 0.5:
        raise SettingsError(f"error rate {error_rate}", expected="a number above 0 and below 0.5", fix="0.10")
    own = references(book)
    if embedding.ndim != 2 or len(embedding) != len(own.texts) or not np.isfinite(embedding).all():
        raise InternalError(
            f"embeddings of shape {embedding.shape} for {len(own.texts)} texts of the codebook",
            expected="one finite row per text, in the order of codebook.texts",
            fix="please report this as a bug of cxnlp with the command that you ran",
        )
    # The rows are finite, and checking them again costs a third of 2,000 small fits.
    with threadpool_limits(limits=1), config_context(assume_finite=True, skip_parameter_validation=True):
        return _fit(book, own, np.asarray(embedding, dtype=np.float64), error_rate, seed)


def _fit(book: Codebook, own: References, embedding: np.ndarray, error_rate: float, seed: int) -> Tagger:
    roles = [members(tag, own) for tag in book.tags]
    centre = embedding.mean(axis=0)
    points = centred(embedding, centre)
    basis = tuple(_basis(len(role.positive), error_rate) for role in roles)
    tested = _tested(book, roles, basis, seed)
    rank, hearts = hash_order(own, seed), _hearts(points, roles)
    planes, scores = [], dict[int, HeldOut]()
    for number, role in enumerate(roles):
        if basis[number] == "description":
            planes.append(from_words(*_described(points, own, role, hearts, number)))
            continue
        against = negatives(role, own)
        heart = points[np.concatenate([role.positive, role.described])].mean(axis=0)
        fitted = training_negatives(role, own, against, points @ heart)
        planes.append(fit_tag(points, role, against[fitted]))
        if number in tested:
            scores[number] = held_out(points, role, against, fitted, rank)
    sigmoids = _sigmoids(book, roles, basis, scores)
    bounds = [_bounds(basis[number], scores.get(number), sigmoids[number], error_rate) for number in range(len(roles))]
    slope, offset = np.array(sigmoids).T
    yes_from, no_to = np.array(bounds).T
    separation = [round(scores[n].separation, 6) if n in scores else np.nan for n in range(len(roles))]
    n_examples = np.array([len(role.positive) for role in roles])
    return Tagger(
        tags=book.tags,
        basis=basis,
        n_examples=n_examples,
        n_counter_examples=np.array([len(role.counter) for role in roles]),
        centre=centre,
        weight=np.stack([weight for weight, _ in planes], axis=1),
        intercept=np.array([intercept for _, intercept in planes]),
        slope=slope,
        offset=offset,
        yes_from=yes_from,
        no_to=no_to,
        separation=np.array(separation),
        known=_known(own, roles),
        error_rate=error_rate,
        n_fits=sum(kind != "description" for kind in basis) + sum(held.fits for held in scores.values()),
        notes=(*book.notes, *_notes(book, basis, n_examples, slope, error_rate)),
    )


def _basis(n_examples: int, error_rate: float) -> str:
    if n_examples < MIN_EXAMPLES:
        return "description"
    return "examples" if n_examples >= examples_needed(error_rate) else "few examples"


def _tested(book: Codebook, roles: list[Members], basis: tuple[str, ...], seed: int) -> set[int]:
    """Tags that are cross-validated: all that need scores of their own, and some of the rest for the shared sigmoid."""
    learnt = [number for number, kind in enumerate(basis) if kind != "description"]
    own = {n for n in learnt if basis[n] == "examples" or len(roles[n].positive) >= OWN_SIGMOID}
    rest = sorted((n for n in learnt if n not in own), key=lambda n: text_hash(book.tags[n].name, seed))
    return own | set(rest[:MAX_POOLED])


def _hearts(points: np.ndarray, roles: list[Members]) -> np.ndarray:
    """Mean point (k, width) of each tag's descriptions, of its examples where it has none."""
    rows = [role.described if len(role.described) else role.positive for role in roles]
    return np.stack([points[own].mean(axis=0) for own in rows])


def _described(
    points: np.ndarray, own: References, role: Members, hearts: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rest = len(hearts) - 1
    others = (hearts.sum(axis=0) - hearts[number]) / max(rest, 1) * (rest > 0)
    return points[np.concatenate([role.described, role.positive])], others, points[own.background]


def _sigmoids(
    book: Codebook, roles: list[Members], basis: tuple[str, ...], scores: dict[int, HeldOut]
) -> list[tuple[float, float]]:
    """Slope and offset of each tag: its own, the one shared by tags with few examples, or the borrowed one."""
    by_name = sorted(scores, key=lambda number: book.tags[number].name)
    few = [number for number in by_name if len(roles[number].positive) < OWN_SIGMOID]
    enough = sum(len(roles[number].positive) for number in few) >= OWN_SIGMOID
    shared = _pooled([scores[number] for number in (few if enough else by_name)]) if few else (0.0, 0.0)
    found = []
    for number, role in enumerate(roles):
        if basis[number] == "description":
            found.append((WORD_SLOPE, WORD_OFFSET))
        elif len(role.positive) < OWN_SIGMOID:
            found.append(shared)
        else:
            found.append(_pooled([scores[number]]))
    return found


def _pooled(scores: list[HeldOut]) -> tuple[float, float]:
    positive = np.concatenate([held.positive for held in scores])
    negative = np.concatenate([held.negative for held in scores])
    return fit_sigmoid(np.concatenate([positive, negative]), np.arange(len(positive) + len(negative)) < len(positive))


def _bounds(basis: str, held: HeldOut | None, sigmoid: tuple[float, float], error_rate: float) -> Limits:
    if basis == "examples" and held is not None:
        return limits(held.positive, held.negative, error_rate)
    slope, offset = sigmoid
    wall = float(logit(0.5 + MARGIN))
    if slope == 0:
        # One probability for every statement: a no where it is low, otherwise doubt.
        return np.inf, (np.inf if offset <= -wall else -np.inf)
    return (wall - offset) / slope, (-wall - offset) / slope


def _known(own: References, roles: list[Members]) -> dict[str, dict[int, bool]]:
    known: dict[str, dict[int, bool]] = {}
    for number, role in enumerate(roles):
        for rows, answer in ((role.positive, True), (role.counter, False)):
            for row in rows:
                known.setdefault(own.texts[row], {})[number] = answer
    return known


def _notes(
    book: Codebook, basis: tuple[str, ...], n_examples: np.ndarray, slope: np.ndarray, error_rate: float
) -> list[Note]:
    names = [tag.name for tag in book.tags]
    needed = examples_needed(error_rate)
    few = [f"{names[n]} ({needed - n_examples[n]} more)" for n, kind in enumerate(basis) if kind == "few examples"]
    words = [names[n] for n, kind in enumerate(basis) if kind == "description"]
    blind = [names[n] for n in np.flatnonzero(slope == 0)]
    found = []
    if few:
        said = f"wrong answers cannot be bounded at {error_rate:.0%} for tags with fewer than {needed} examples"
        found.append(Note(STAGE, f"{said}, which answer by probability: {_some(few)}", len(few), "info"))
    if words:
        said = "tags with fewer than 2 examples are compared with their description, and nothing is promised for them"
        found.append(Note(STAGE, f"{said}; give examples: {_some(words)}", len(words)))
    if blind:
        said = "tags whose examples, held out, score no higher than other texts: their probability is one for all"
        found.append(Note(STAGE, f"{said}; give more or clearer examples: {_some(blind)}", len(blind)))
    return found


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
