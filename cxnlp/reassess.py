"""The drivers of a finished analysis again, with other outcomes, controls or a plan; nothing is encoded anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cxnlp import again, audit
from cxnlp.config import Config
from cxnlp.pipeline import Analysis, analyze
from cxnlp.results import Progress

__all__ = ["drivers", "settings_for"]

_OUTCOMES = ("churn", "churn_date", "outcome", "bad_when", "retained", "conversions", "revenue")
"""Settings that together say what is tested: naming one of them anew replaces them all."""


_OF_DATES = ("observed_from", "observed_until", "window_days")
"""Settings that mean nothing without a date of leaving."""


def drivers(
    analysis: str | Path, source: str | Path | None = None, *, progress: Progress | None = None, **settings: Any
) -> Analysis:
    """Test the topics of a finished analysis again, against other outcomes, with other controls or under a plan.

    Comments keep their statements, topics and tags; what the model computed is taken from the result folder. Where the
    folder holds an audit (`cxnlp audit read`), the estimates are corrected with it.

    Parameters
    ----------
    analysis : result folder of the finished analysis.
    source : where its comments lie, if they were moved; the content must be the same.
    progress : as for `analyze`.
    settings : what is to differ, as for `analyze`. Naming one outcome replaces all of them; all else stays.

    Raises
    ------
    CxnlpError
        As `analyze`, and for a folder without an analysis or comments that are not those of it.
    """
    folder = Path(analysis)
    path = again.comments_of(folder, source, command=f"cxnlp drivers {folder}")
    found = analyze(path, settings_for(folder, **settings), progress=progress)
    again.check_same(found, folder, path)
    return found


def settings_for(folder: Path, **settings: Any) -> Config:
    """The settings of the analysis in ``folder`` with those that are to differ, on its topics and encoding."""
    before = again.settings_of(folder)
    kept = again.with_codes_of(before, folder)
    fresh: dict[str, Any] = {}
    if any(name in settings for name in _OUTCOMES):
        gone = _OUTCOMES if "churn_date" in settings else (*_OUTCOMES, *_OF_DATES)
        fresh = {name: getattr(Config().scores, name) for name in gone}
    audited = folder if (folder / audit.GOLD).exists() else before.drivers.gold
    return kept.replace(
        analysis=folder,
        edits=None,
        name_with=None,
        name_model=None,
        reuse=folder,
        **{"gold": audited, **fresh, **settings},
    )
