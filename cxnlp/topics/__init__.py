"""TOPICS: what the statements speak of, found from their embeddings, named in the customers' words.

`find` is the stage. The steps are plain functions on arrays: `discover` clusters embeddings into topics
and themes, `describe` names groups of texts, `stability` says how often a bootstrap refit finds a topic
again. `TopicModel` offers them to scikit-learn's users. Nothing here loads a transformer.

Where a change goes
-------------------
- what similarity means: `space`; how points are joined: `cluster`; how many topics: `number`
- which topic a statement has, and which statement none: `fitted` and `assign`
- which words may stand in a name: `terms` and ``words.toml``; which of them do: `describe`; how a language model
  words them: `polish`; which statements are shown: `examples`; all of it for one run: `naming`
- what a person may change: `edits`; how that is written: `edits_file`; what it does to the topics: `applying`
- what a second wave may have of its own: `emerging`
- what a later run gets: `saved`; what this run was given: `given`; columns, ids and notes: `tables`
"""

from cxnlp.topics.describe import Description, describe
from cxnlp.topics.discover import Discovery, discover
from cxnlp.topics.emerging import Candidates, Spoken, emerging
from cxnlp.topics.estimator import TopicModel
from cxnlp.topics.find import find
from cxnlp.topics.given import Given, load
from cxnlp.topics.saved import SavedTopics, points, read
from cxnlp.topics.stability import resample, stability
from cxnlp.topics.terms import words

__all__ = [
    "find",
    "load",
    "Given",
    "TopicModel",
    "discover",
    "Discovery",
    "describe",
    "Description",
    "resample",
    "stability",
    "Candidates",
    "Spoken",
    "SavedTopics",
    "emerging",
    "points",
    "read",
    "words",
]
