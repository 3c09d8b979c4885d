"""Where a named column comes from: the data, or the customers file."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cxnlp.errors import InputError

__all__ = ["Field", "Sources"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column under its name in the wide table: a value per row of the data, or per customer of the file.

    ``customers``: of a column that both files have and that is taken from the data, what the customers file says; it
    is all that is known of customers who wrote nothing.
    """

    name: str
    values: pd.Series
    of_customers: bool = False
    customers: pd.Series | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """The data (``source``, one row per comment, with the ``keys`` of their customers) and the customers file.

    ``customers`` has one row per customer, index customer_id; None where there is no such file.
    """

    source: pd.DataFrame
    keys: pd.Series
    customers: pd.DataFrame | None
    name: str

    def find(self, column: str, *, option: str, customers_first: bool) -> Field:
        """The column as it came. Where both files have it, ``customers_first`` decides.

        Raises InputError where neither has it.
        """
        of_customers = self.of_customers(column)
        if of_customers is not None and (customers_first or column not in self.source):
            return Field(column, of_customers, of_customers=True)
        if column in self.source:
            return Field(column, self.source[column], customers=of_customers)
        columns = [*self.source.columns, *([] if self.customers is None else self.customers.columns)]
        where = self.name if self.customers is None else f"{self.name} or the customers file"
        raise InputError.missing_column(column, dict.fromkeys(columns), option=option, where=where)

    def has(self, column: str) -> bool:
        """Whether either file has the column."""
        return column in self.source or self.of_customers(column) is not None

    def of_customers(self, column: str) -> pd.Series | None:
        """The column of the customers file, or None."""
        return None if self.customers is None or column not in self.customers else self.customers[column]

    def by_comment(self, field: Field) -> pd.Series:
        """The field's values, one per row of the data; missing where the customer is unknown to the file."""
        if not field.of_customers:
            return field.values.reset_index(drop=True)
        return field.values.reindex(self.keys).reset_index(drop=True)
