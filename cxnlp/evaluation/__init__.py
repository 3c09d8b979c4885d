"""MEASURE: what a model answered beside what is true, as figures with intervals. No network, no files.

Where a change goes: how the truth is read from a column, `labels`; what counts as a model's answer,
`answers`; what is counted for each comment, `counting`; which figures follow from the counts, `measures`;
how intervals are drawn, `bootstrap`; calibration, `calibration`; the evaluation of one labelled file,
`evaluating`; the figures of the model card, `card_figures`.
"""

from cxnlp.evaluation.answers import Answers, answers_of, comment_answers
from cxnlp.evaluation.calibration import expected_calibration_error
from cxnlp.evaluation.card_figures import FIGURE_COLUMNS, figures, measure_head
from cxnlp.evaluation.evaluating import Evaluation, evaluate
from cxnlp.evaluation.labels import Truth, labels_matrix, read_labels

__all__ = [
    "FIGURE_COLUMNS",
    "Answers",
    "Evaluation",
    "Truth",
    "answers_of",
    "comment_answers",
    "evaluate",
    "expected_calibration_error",
    "figures",
    "labels_matrix",
    "measure_head",
    "read_labels",
]
