"""TOPICS: what the statements speak of, found from their embeddings, named in the customers' words.

`find` is the stage. The steps are plain functions on arrays: `discover` clusters embeddings into topics
and themes, `describe` names groups of texts, `stability` says how often a bootstrap refit finds a topic
again. Nothing here loads a transformer.

Where a change goes: what similarity means, `space`; how points are joined, `cluster`; how many topics,
`number`; which statement belongs nowhere, `assign`; which words may stand in a name, `terms` and
`words.toml`; which of them do, `describe`; which statements are shown, `examples`; columns, ids and notes, `tables`.
"""

from cxnlp.topics.describe import Description, describe
from cxnlp.topics.discover import Discovery, discover
from cxnlp.topics.find import find
from cxnlp.topics.stability import resample, stability

__all__ = ["find", "discover", "Discovery", "describe", "Description", "resample", "stability"]
