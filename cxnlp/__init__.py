"""cxnlp: why customers leave, where in their journey, and how sure we are.

>>> import cxnlp
>>> analysis = cxnlp.analyze("survey.csv", text="comment", scores=("nps",))  # doctest: +SKIP
>>> analysis.to_html("report.html")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxnlp.again import compare, embed, replay, tag
    from cxnlp.config import Config
    from cxnlp.errors import CxnlpError
    from cxnlp.pipeline import Analysis, analyze
    from cxnlp.topics import TopicModel

__version__ = "0.1.0"
__all__ = [
    "Analysis",
    "Config",
    "CxnlpError",
    "TopicModel",
    "analyze",
    "compare",
    "embed",
    "replay",
    "tag",
    "__version__",
]

_HOMES = {
    "Analysis": "cxnlp.pipeline",
    "analyze": "cxnlp.pipeline",
    "compare": "cxnlp.again",
    "replay": "cxnlp.again",
    "tag": "cxnlp.again",
    "embed": "cxnlp.again",
    "TopicModel": "cxnlp.topics",
    "Config": "cxnlp.config",
    "CxnlpError": "cxnlp.errors",
}


def __getattr__(name: str) -> Any:
    # Names load on first use, so that `cxnlp --help` pays for none of pandas or torch.
    if name not in _HOMES:
        raise AttributeError(f"module 'cxnlp' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
