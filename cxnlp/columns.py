"""A declared column, and the columns of the tables that say why customers leave; `schema` puts all tables together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "EVIDENCE", "Kind", "Room"]

Kind = Literal["text", "integer", "number", "flag", "date", "list", "any"]
Room = Literal[
    "connectors",
    "text",
    "encoder",
    "topics",
    "codebook",
    "journey",
    "scores",
    "metrics",
    "drivers",
    "flags",
    "waves",
    "audit",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, kind of value, the room that adds it, and what it means (with its unit)."""

    name: str
    kind: Kind
    room: Room
    meaning: str


def _drivers(*columns: tuple[str, Kind, str]) -> tuple[Column, ...]:
    return tuple(Column(name, kind, "drivers", meaning) for name, kind, meaning in columns)


def _named(*columns: tuple[str, Kind, str]) -> tuple[tuple[str, Kind, str], ...]:
    return columns


EVIDENCE: dict[str, tuple[Column, ...]] = {
    "drivers": _drivers(
        ("outcome", "text", "name of the outcome column"),
        ("kind", "text", "event (it happened or not), score or amount"),
        ("topic_id", "text", "topic tested"),
        ("topic_name", "text", "its name"),
        ("stage", "text", "journey stage tested, or 'all'"),
        ("polarity", "text", "negative or positive mentions"),
        ("n", "integer", "units with a known outcome"),
        ("events", "integer", "units with the bad outcome; of a score, those at its bad end; of an amount, 0"),
        ("n_mentions", "integer", "units that mention it"),
        ("events_mentions", "integer", "of those, with the bad outcome"),
        ("rate_with", "number", "share with the bad outcome, mean score or mean amount among mentions"),
        ("rate_without", "number", "the same among the rest"),
        ("worse", "flag", "mentions go with the worse outcome"),
        ("rd", "number", "rate_with - rate_without, unadjusted: of an event the risk difference, -1 to 1"),
        ("rd_low", "number", "95 % interval (events: Newcombe; else Welch)"),
        ("rd_high", "number", "95 % interval"),
        ("rr", "number", "risk ratio, unadjusted; events only"),
        ("rr_low", "number", "95 % log interval"),
        ("rr_high", "number", "95 % log interval"),
        ("odds_ratio", "number", "odds ratio, unadjusted; events only"),
        ("or_low", "number", "95 % log interval"),
        ("or_high", "number", "95 % log interval"),
        (
            "p",
            "number",
            "two-sided p-value, unadjusted (events: Fisher's exact test; else Welch; clusters: robust Wald)",
        ),
        ("q", "number", "Benjamini-Hochberg q-value of p over everything tested in the run"),
        ("rd_adjusted", "number", "average marginal effect after adjustment (g-computation), in the outcome's unit"),
        ("rd_adjusted_low", "number", "95 % interval"),
        ("rd_adjusted_high", "number", "95 % interval"),
        ("rr_adjusted", "number", "risk ratio after adjustment (g-computation); events only"),
        ("or_adjusted", "number", "odds ratio after adjustment; of a score, the proportional odds of a worse answer"),
        ("or_adjusted_low", "number", "95 % interval"),
        ("or_adjusted_high", "number", "95 % interval"),
        ("p_adjusted", "number", "p-value after adjustment"),
        ("q_adjusted", "number", "Benjamini-Hochberg q-value of p_adjusted over everything tested"),
        ("po_p", "number", "p-value of the test of proportional odds; scores only"),
        ("or_mh", "number", "Mantel-Haenszel odds ratio over strata of the controls: a model-free check; events only"),
        (
            "rd_shrunk",
            "number",
            "rd_adjusted of a stage drawn towards the mean over the topic's stages (empirical Bayes)",
        ),
        ("rd_shrunk_low", "number", "95 % interval"),
        ("rd_shrunk_high", "number", "95 % interval"),
        ("stages_differ_p", "number", "p-value of Cochran's Q: whether the topic's effect differs between stages"),
        ("hr", "number", "hazard ratio of leaving from the first mention on, adjusted (Cox, time-varying)"),
        ("hr_low", "number", "95 % interval"),
        ("hr_high", "number", "95 % interval"),
        ("hr_p", "number", "its p-value"),
        ("hr_changes_p", "number", "p-value of the test of proportional hazards (scaled Schoenfeld residuals)"),
        ("logrank_p", "number", "log-rank test of those who mention it, from then on, against the rest"),
        ("e_value", "number", "E-value of the adjusted risk ratio, else of rr (VanderWeele and Ding 2017)"),
        ("e_value_low", "number", "E-value of the limit nearer to 1 of that ratio's interval; 1 where it holds 1"),
        ("mde_rr", "number", "smallest risk ratio that so many mentions could show (power .8, alpha .05); events only"),
        ("mde", "number", "smallest difference that they could show, in the outcome's unit"),
        (
            "same_sign_halves",
            "flag",
            "the difference has one sign in both halves of the units, topics found in the other",
        ),
        ("topic_stability", "number", "stability of the topic, 0 to 1"),
        ("permuted_p", "number", "share of runs with shuffled outcomes (within equal controls) that look as strong"),
        ("random_topic_p", "number", "share of random topics of the same size that look as strong"),
        ("subset_share", "number", "share of random subsets of four fifths whose estimate lies in the interval"),
        ("neutral_rd", "number", "the same difference for neutral mentions of the topic: a negative control"),
        ("neutral_low", "number", "95 % interval"),
        ("neutral_high", "number", "95 % interval"),
        ("weighted_rd", "number", "rd_adjusted with commenters weighted to be like all customers"),
        ("weighted_low", "number", "95 % interval"),
        ("weighted_high", "number", "95 % interval"),
        ("n_gold", "integer", "units whose tags people checked"),
        ("sensitivity", "number", "share of true mentions that the model tags, by the audit"),
        ("specificity", "number", "share of others that it does not tag"),
        ("precision", "number", "share of tagged units that do mention it"),
        ("rd_corrected", "number", "rd_adjusted corrected for tagging error (design-based supervised learning)"),
        ("rd_corrected_low", "number", "95 % interval"),
        ("rd_corrected_high", "number", "95 % interval"),
        ("paf", "number", "share of bad outcomes behind it, an upper bound (Miettinen); worse events only"),
        ("paf_low", "number", "95 % interval"),
        ("paf_high", "number", "95 % interval"),
        (
            "what_if",
            "number",
            "the overall rate (or mean) without the mentions minus as it is, if the association held",
        ),
        ("what_if_low", "number", "95 % interval"),
        ("what_if_high", "number", "95 % interval"),
        ("revenue_at_risk", "number", "revenue of those who mention it times rd_adjusted; worse events only"),
        ("revenue_at_risk_low", "number", "95 % interval"),
        ("revenue_at_risk_high", "number", "95 % interval"),
        ("estimator", "text", "which model adjusted, or why there is no adjusted estimate"),
        ("controls", "text", "what was adjusted for"),
        ("tier", "text", "CONFIRMED, PROBABLE, WATCH, INSUFFICIENT or NOT SUPPORTED"),
        ("why_not_higher", "text", "what keeps it from a higher tier"),
        ("raise_by", "text", "what would raise it: more mentions, an audit of so many comments, controls"),
    ),
    "importance": _drivers(
        ("outcome", "text", "name of the outcome column"),
        ("topic_id", "text", "topic"),
        ("topic_name", "text", "its name"),
        ("polarity", "text", "negative or positive mentions"),
        ("n", "integer", "units with a known outcome"),
        ("n_mentions", "integer", "units that mention it"),
        ("weight", "number", "share of the outcome's variance that goes to it, 0 to 1"),
        ("share", "number", "weight over the sum of all weights"),
        ("rank", "integer", "1 for the largest weight"),
        ("rank_low", "number", "95 % bootstrap interval; missing where none was asked for"),
        ("rank_high", "number", "95 % bootstrap interval"),
        ("r2", "number", "variance that all of them explain together, 0 to 1"),
        ("method", "text", "johnson (relative weights) or lmg (average over orderings)"),
    ),
    "kano": _drivers(
        ("outcome", "text", "score column"),
        ("topic_id", "text", "topic"),
        ("topic_name", "text", "its name"),
        ("n", "integer", "units with a known score"),
        ("n_negative", "integer", "units that complain about it"),
        ("n_positive", "integer", "units that praise it"),
        ("penalty", "number", "how much better or worse the score is with complaints; negative is worse"),
        ("penalty_low", "number", "95 % interval"),
        ("penalty_high", "number", "95 % interval"),
        ("reward", "number", "how much better the score is with praise"),
        ("reward_low", "number", "95 % interval"),
        ("reward_high", "number", "95 % interval"),
        ("asymmetry", "number", "size of the penalty minus size of the reward"),
        ("asymmetry_low", "number", "95 % interval"),
        ("asymmetry_high", "number", "95 % interval"),
        ("p", "number", "p-value of no asymmetry"),
        ("q", "number", "Benjamini-Hochberg q-value over the topics"),
        ("kano_class", "text", "basic, performance, excitement, indifferent or unclear"),
        ("method", "text", "how it was computed"),
    ),
    "survival": _drivers(
        ("outcome", "text", "name of the outcome column"),
        ("topic_id", "text", "topic"),
        ("stage", "text", "journey stage, or 'all'"),
        ("polarity", "text", "negative or positive mentions"),
        ("group", "text", "mentioned or others"),
        ("day", "number", "days since the customer's observation began"),
        ("share", "number", "share still there, Kaplan-Meier (Simon-Makuch: groups change at the mention)"),
        ("low", "number", "95 % interval (log-log)"),
        ("high", "number", "95 % interval"),
        ("n_at_risk", "integer", "units observed on that day"),
    ),
    "audit": tuple(
        Column(name, kind, "audit", meaning)
        for name, kind, meaning in _named(
            ("tag", "text", "what was checked: topic, stage, polarity, or topic and polarity together"),
            ("value", "text", "which one: topic id, stage, polarity, or 'topic_id polarity'"),
            ("name", "text", "readable name"),
            ("n", "integer", "statements that people labelled"),
            ("n_gold", "integer", "of those, with the tag by people"),
            ("n_model", "integer", "of those, with the tag by the model"),
            ("kappa", "number", "Cohen's kappa of the model against people, weighted to all statements"),
            ("kappa_low", "number", "95 % interval"),
            ("kappa_high", "number", "95 % interval"),
            ("sensitivity", "number", "share of true tags that the model finds"),
            ("sensitivity_low", "number", "95 % interval"),
            ("sensitivity_high", "number", "95 % interval"),
            ("specificity", "number", "share of statements without the tag that the model leaves without it"),
            ("specificity_low", "number", "95 % interval"),
            ("specificity_high", "number", "95 % interval"),
            ("precision", "number", "share of the model's tags that are true"),
            ("precision_low", "number", "95 % interval"),
            ("precision_high", "number", "95 % interval"),
            ("prevalence_model", "number", "share of all statements that the model tags"),
            (
                "prevalence",
                "number",
                "corrected share (difference estimator: model plus weighted errors of the sample)",
            ),
            ("prevalence_low", "number", "95 % interval"),
            ("prevalence_high", "number", "95 % interval"),
            ("prevalence_rg", "number", "corrected share by Rogan and Gladen 1978, 0 to 1"),
            ("alpha", "number", "Krippendorff's alpha between coders; missing with one coder"),
            ("alpha_low", "number", "95 % bootstrap interval"),
            ("alpha_high", "number", "95 % bootstrap interval"),
        )
    ),
    "impact": _drivers(
        ("subject", "text", "score column"),
        ("metric", "text", "nps, csat or ces"),
        ("topic_id", "text", "topic left out"),
        ("topic_name", "text", "its name"),
        ("n", "integer", "comments with a score"),
        ("n_mentions", "integer", "of those, with the topic"),
        ("share", "number", "n_mentions over n"),
        ("score_with", "number", "score of the comments with the topic"),
        ("score_without", "number", "score of the rest"),
        ("value", "number", "score of all minus score without the topic's comments"),
        ("low", "number", "95 % interval"),
        ("high", "number", "95 % interval"),
        ("noise_floor", "number", "expected largest absolute impact over all topics if scores were shuffled"),
        ("above_noise", "flag", "the absolute impact exceeds the noise floor"),
        ("method", "text", "how it was computed"),
    ),
}
"""Tables of the rooms drivers and audit."""
