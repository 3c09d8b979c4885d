"""Beside `analyze`: the same topics for new comments, edits replayed, two waves compared, embeddings alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxnlp.config import Config, config_from
from cxnlp.errors import InputError
from cxnlp.pipeline import Analysis, analyze
from cxnlp.results import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd

    from cxnlp.waves import Answers, Comparison, Wave

__all__ = ["check_same", "comments_of", "compare", "embed", "replay", "settings_of", "tag", "with_codes_of"]

_MANIFEST = "analysis.json"
_EXPECTED = "the result folder of `cxnlp analyze` or `cxnlp tag`"


def tag(
    source: str | Path | pd.DataFrame,
    analysis: str | Path,
    config: Config | None = None,
    *,
    progress: Progress | None = None,
    **settings: Any,
) -> Analysis:
    """Give new comments the topics and codes of a finished analysis: same ids, same names, nothing sought anew.

    Each statement is placed by itself: one row or a million give the same answer, and the rows of the finished
    analysis get the topics that they had.

    Parameters
    ----------
    source : the new comments, as for `analyze`.
    analysis : result folder of the finished analysis. How to read, clean and encode is taken from its settings.
    config : all settings, in place of those of the finished analysis; see `settings_of`.
    progress, settings : as for `analyze`. Scores, outcomes and customers are not taken over: name them here.

    Raises
    ------
    CxnlpError
        As `analyze`, and for a folder that holds no analysis.
    """
    folder = Path(analysis)
    base = config if config is not None else _for_new_comments(settings_of(folder))
    return analyze(source, _with_topics_of(base, folder), progress=progress, **settings)


def replay(
    analysis: str | Path, source: str | Path | None = None, *, progress: Progress | None = None
) -> tuple[Analysis, Config]:
    """Run a finished analysis again with the edits in its topics.yaml; no statement is encoded anew.

    Parameters
    ----------
    analysis : result folder of the finished analysis.
    source : where its comments lie, if they were moved; the content must be the same.
    progress : as for `analyze`.

    Returns
    -------
    Analysis, Config
        The new analysis, not yet saved, and the settings that it ran with.

    Raises
    ------
    InputError
        For comments that are missing or not those of the finished analysis, and edits that conflict.
    """
    folder = Path(analysis)
    config = _for_replay(settings_of(folder), folder)
    path = comments_of(folder, source, command=f"cxnlp topics apply {folder}")
    again = analyze(path, config, progress=progress)
    check_same(again, folder, path)
    return again, config


def comments_of(folder: Path, source: str | Path | None, *, command: str) -> Path:
    """Where the comments of the analysis in ``folder`` lie: at ``source``, if they were moved, else where they were.

    Raises InputError where they are not there; ``command`` is what to say again with their new place.
    """
    found = _manifest(folder)["provenance"]["input"]
    path = Path(source) if source is not None else _path(found, folder)
    if not path.exists():
        raise InputError(
            f"the comments of {folder} are no longer at {path}",
            expected=f"the file {found['name']} as it was analyzed",
            fix=f"{command} --source WHERE_IT_IS",
        )
    return path


def check_same(again: Analysis, folder: Path, path: Path) -> None:
    """Raise InputError where the comments at ``path`` are not those of the analysis in ``folder``."""
    if again.provenance["input"]["sha256"] != _manifest(folder)["provenance"]["input"]["sha256"]:
        raise InputError(
            f"{path} has changed since {folder} was made",
            expected="the same comments: topics were found in them",
            fix=f"cxnlp tag {path} --analysis {folder} for new comments, or analyze anew",
        )


def _for_replay(config: Config, folder: Path) -> Config:
    """The settings of the analysis in `folder`, for a run that replays its edits on what the model computed then."""
    return with_codes_of(config, folder).replace(edits=folder / "topics.yaml", reuse=folder)


def with_codes_of(config: Config, folder: Path) -> Config:
    """The codebook as the analysis in `folder` left it, which holds the corrections that it was given."""
    book = folder / "codebook.yaml"
    return config.replace(codebook=str(book) if book.exists() else None, corrections=None)


def compare(
    before: str | Path,
    after: str | Path,
    *,
    q: float = 0.10,
    permutations: int = 999,
    seed: int = 0,
    measures: Sequence[str] = (),
    segments: Sequence[str] | None = None,
    resamples: int = 999,
) -> Comparison:
    """What changed between two waves of comments that carry the same topics, and what a change of scores goes with.

    Parameters
    ----------
    before : result folder of an analysis.
    after : result folder of `tag` with the topics of ``before``.
    q : false-discovery rate over all tests together.
    permutations : of the test of drift.
    seed : of the permutations and resamples.
    measures : scores and outcomes whose change is decomposed; none named: those that both waves have.
    segments : columns of the segments that it is decomposed by; None: those that both waves have.
    resamples : of the customers, for the intervals of the decomposition.

    Returns
    -------
    waves.Comparison
        One row a topic, new ones that only ``after`` has among them (``waves.CHANGES``); and the decomposition of
        each measure (``waves.DECOMPOSITION``).

    Raises
    ------
    InputError
        For folders without an analysis, whose statements do not carry the same topics, or without a measure or
        segment that was named.
    """
    from cxnlp import topics, waves

    first, second = _read_answers(Path(before)), _read_answers(Path(after))
    # Said now, not after the permutations.
    waves.shared_measures(first, second, measures)
    waves.shared_segments(first, second, segments)
    one, other, listed, found_on = _waves(Path(before), Path(after), seed)
    found = waves.compare(
        one, other, listed, q=q, permutations=permutations, seed=seed, found_on=found_on, keywords=topics.words
    )
    candidate = listed["candidate"].to_numpy(dtype=bool)
    news = (found.table["status"] == "new").to_numpy(dtype=bool)
    if found_on is not None:
        # Topics fit the comments that they were found on best: later ones have more strays, whatever they speak of.
        news &= waves.grown_among_strays(
            one, other, listed.loc[candidate, "topic_id"], found.table["topic_id"], found_on
        )
    table = found.table[~candidate | news].reset_index(drop=True)
    first = replace(first, mentions=one.statements[["row", "topic_id"]])
    second = replace(second, mentions=other.statements[["row", "topic_id"]])
    split, notes = waves.decompose(
        first, second, table, measures=measures, segments=segments, resamples=resamples, seed=seed
    )
    return replace(found, table=table, notes=(*found.notes, *notes), decomposition=split)


def embed(texts: Sequence[str], languages: Sequence[str] | None = None, *, model: str = "cxnlp-small") -> np.ndarray:
    """Embeddings (n, width) float32 of texts, rows of length 1, for `TopicModel` and other work of your own.

    ``languages``: n codes; None where they are not known. ``model``: name of an embedded model, or a folder.
    """
    from cxnlp import engines

    known = [""] * len(texts) if languages is None else languages
    return engines.embed(texts, known, Config().replace(model=model).encode)


def settings_of(analysis: Path) -> Config:
    """The settings that a finished analysis ran with; InputError where `analysis` holds none."""
    folder = Path(analysis)
    return config_from(_settings(_manifest(folder), folder), str(folder / _MANIFEST))


def _for_new_comments(config: Config) -> Config:
    """Other comments may have other scores and customers: nothing of those is taken over."""
    fresh = Config()
    reading = replace(config.read, scores=(), comment_id=None)
    return replace(config, read=reading, scores=fresh.scores, report=fresh.report)


def _with_topics_of(config: Config, folder: Path) -> Config:
    return with_codes_of(config, folder).replace(
        usual_language=_manifest(folder)["provenance"].get("usual_language"),
        analysis=folder, edits=None, name_with=None, reuse=None,
    )  # fmt: skip


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / _MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"no analysis in {folder}: {error.strerror}", expected=_EXPECTED, fix="name that folder"
        ) from error
    except ValueError as error:
        raise InputError(
            f"{path} is damaged: {error}", expected=_EXPECTED, fix="analyze again, or take it from a backup"
        ) from error
    if not isinstance(content, dict) or "provenance" not in content:
        raise InputError(f"{path} is no analysis of cxnlp", expected=_EXPECTED, fix="name that folder")
    return content


def _settings(manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    settings = manifest["provenance"].get("settings")
    if not isinstance(settings, dict):
        raise InputError(f"{folder / _MANIFEST} holds no settings", expected=_EXPECTED, fix="analyze again")
    return settings


@dataclass(frozen=True, slots=True)
class _Wave:
    """What a result folder holds of one wave."""

    statements: pd.DataFrame
    embedding: np.ndarray
    n_comments: int


def _read_wave(folder: Path, without: set[str]) -> _Wave:
    """The wave in `folder`, leaving out statements with the texts `without`."""
    from cxnlp import engines

    statements = _table(folder, "statements")
    status = _table(folder, "comments", ["status", "customer_id", "comment_id"])
    statements = statements[~statements["text"].isin(without)].reset_index(drop=True)
    stored = engines.store.read(folder)
    rows = stored.rows(statements["text"].tolist(), statements["language"].fillna("").tolist())
    if (rows < 0).any():
        raise InputError(
            f"{folder / engines.store.FILE} lacks {int((rows < 0).sum())} of the statements",
            expected="files of one run",
            fix="analyze or tag again",
        )
    of_statement = status.iloc[statements["row"].to_numpy()]
    keys = of_statement["customer_id"].fillna(of_statement["comment_id"]).to_numpy()
    n_comments = int((status["status"] == "ok").sum())
    return _Wave(statements.assign(unit_key=keys), stored.embedding[rows], n_comments)


def _read_answers(folder: Path) -> Answers:
    """The scores, outcomes and segments of the wave in `folder`; what its comments speak of is told later."""
    import pandas as pd

    from cxnlp import waves

    manifest = _manifest(folder)
    comments = _table(folder, "comments", waves.columns_of(manifest))
    return waves.answers_of(str(folder), manifest, comments, pd.DataFrame(columns=["row", "topic_id"]))


def _table(folder: Path, name: str, columns: list[str] | None = None) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(folder / f"{name}.parquet", columns=columns)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"the {name} of {folder} cannot be read: {error}",
            expected="comments.parquet and statements.parquet",
            fix="analyze and tag with --format parquet",
        ) from error


def _waves(before: Path, after: Path, seed: int) -> tuple[Wave, Wave, pd.DataFrame, np.ndarray | None]:
    """Both waves in the space of the topics, the topics with those that only ``after`` may have, and which statements
    of ``after`` the latter were sought in."""
    import numpy as np
    import pandas as pd

    from cxnlp import topics
    from cxnlp.waves import Wave

    saved, other = topics.read(before), topics.read(after)
    same = saved.analysis == other.analysis and saved.table["topic_id"].equals(other.table["topic_id"])
    if not same or not np.array_equal(saved.fitted.topic, other.fitted.topic):
        raise InputError(
            f"{before} and {after} do not have the same topics",
            expected="a second wave that was given the topics of the first as they are now",
            fix=f"cxnlp tag NEW.csv --analysis {before} --out NEW_FOLDER, and compare with that",
        )
    # What a person moved by its text can be in one wave only: it would count as a change.
    read = _read_wave(before, set(saved.fitted.moved)), _read_wave(after, set(saved.fitted.moved))
    found, half = topics.emerging(*(topics.Spoken(one.statements, one.embedding) for one in read), seed=seed)
    known = saved.table[["topic_id", "topic_name"]].assign(candidate=False)
    listed = pd.concat([known, found.table.assign(candidate=True)], ignore_index=True)
    waves = []
    for folder, one, new in zip((before, after), read, (found.before, found.after), strict=True):
        labelled = one.statements.assign(topic_id=one.statements["topic_id"].fillna(new))
        points = topics.points(saved, one.embedding, labelled["language"])
        waves.append(Wave(str(folder), labelled, points, one.n_comments))
    return waves[0], waves[1], listed, half if len(found.table) else None


def _path(found: dict[str, Any], folder: Path) -> Path:
    if not found.get("path"):
        raise InputError(
            f"the comments of {folder} came from Python, not from a file",
            expected="the file that holds the same comments",
            fix="in Python: cxnlp.analyze(frame, ..., edits='topics.yaml', reuse='FOLDER')",
        )
    return Path(found["path"])
