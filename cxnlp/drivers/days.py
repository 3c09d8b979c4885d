"""Dates as days, at the clock where they were noted."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["days"]

_EPOCH = pd.Timestamp("1970-01-01")


def days(dates: pd.Series) -> np.ndarray:
    """Days since 1970-01-01, with the time of day as a fraction; NaN where there is no date."""
    dates = pd.to_datetime(dates)
    naive = dates.dt.tz_localize(None) if dates.dt.tz is not None else dates
    return ((naive - _EPOCH) / pd.Timedelta(days=1)).to_numpy(dtype=float)
