"""Which customer-experience findings hold on your own data.

The table of contents: every public name, loaded when it is first used.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cxstats.cells import Cells as Cells
    from cxstats.cells import tally as tally
    from cxstats.claims.finding import Finding as Finding
    from cxstats.claims.finding import Validation as Validation
    from cxstats.claims.locked_plan import LockedPlan as LockedPlan
    from cxstats.claims.locked_plan import register as register
    from cxstats.claims.validation import validate as validate
    from cxstats.errors import ColumnError as ColumnError
    from cxstats.errors import CxStatsError as CxStatsError
    from cxstats.errors import CxStatsWarning as CxStatsWarning
    from cxstats.errors import ReadError as ReadError
    from cxstats.errors import RoleError as RoleError
    from cxstats.errors import ScaleError as ScaleError
    from cxstats.errors import SeparationError as SeparationError
    from cxstats.errors import StudyError as StudyError
    from cxstats.errors import TooFewError as TooFewError
    from cxstats.methods.added_value import added_value as added_value
    from cxstats.methods.answer_quality import answer_quality as answer_quality
    from cxstats.methods.asymmetry import asymmetry as asymmetry
    from cxstats.methods.auc import auc as auc
    from cxstats.methods.bend_gain import bend_gain as bend_gain
    from cxstats.methods.by_segment import by_segment as by_segment
    from cxstats.methods.codings import codings as codings
    from cxstats.methods.combination import combination as combination
    from cxstats.methods.compounding import compounding as compounding
    from cxstats.methods.concordance import concordance as concordance
    from cxstats.methods.consistency import consistency as consistency
    from cxstats.methods.contact_harm import contact_harm as contact_harm
    from cxstats.methods.cox import cox as cox
    from cxstats.methods.delong import delong as delong
    from cxstats.methods.dependent_correlations import dependent_correlations as dependent_correlations
    from cxstats.methods.difference_in_differences import difference_in_differences as difference_in_differences
    from cxstats.methods.dominance import dominance as dominance
    from cxstats.methods.dwell_ambiguity import dwell_ambiguity as dwell_ambiguity
    from cxstats.methods.effort_disloyalty import effort_disloyalty as effort_disloyalty
    from cxstats.methods.elasticity import elasticity as elasticity
    from cxstats.methods.equivalence import equivalence as equivalence
    from cxstats.methods.expectation_levels import expectation_levels as expectation_levels
    from cxstats.methods.expectation_ratchet import expectation_ratchet as expectation_ratchet
    from cxstats.methods.extreme_groups import extreme_groups as extreme_groups
    from cxstats.methods.fair_fight import fair_fight as fair_fight
    from cxstats.methods.held_out import held_out as held_out
    from cxstats.methods.intention_behaviour import intention_behaviour as intention_behaviour
    from cxstats.methods.invariance import invariance as invariance
    from cxstats.methods.journey_increment import journey_increment as journey_increment
    from cxstats.methods.journey_score import journey_score as journey_score
    from cxstats.methods.league_table import league_table as league_table
    from cxstats.methods.leakage import leakage as leakage
    from cxstats.methods.logistic import logistic as logistic
    from cxstats.methods.loyalty_ladder import loyalty_ladder as loyalty_ladder
    from cxstats.methods.mean_score import mean_score as mean_score
    from cxstats.methods.memory_contest import memory_contest as memory_contest
    from cxstats.methods.memory_effects import memory_effects as memory_effects
    from cxstats.methods.milder_end import milder_end as milder_end
    from cxstats.methods.moment_kernel import moment_kernel as moment_kernel
    from cxstats.methods.moment_weights import moment_weights as moment_weights
    from cxstats.methods.necessary_condition import necessary_condition as necessary_condition
    from cxstats.methods.net_promoter import net_promoter as net_promoter
    from cxstats.methods.net_promoter_change import net_promoter_change as net_promoter_change
    from cxstats.methods.ordered_probit import ordered_probit as ordered_probit
    from cxstats.methods.overlap_weights import overlap_weights as overlap_weights
    from cxstats.methods.penalty_reward import penalty_reward as penalty_reward
    from cxstats.methods.performance_slopes import performance_slopes as performance_slopes
    from cxstats.methods.power import power as power
    from cxstats.methods.problem_recovery import problem_recovery as problem_recovery
    from cxstats.methods.relative_weights import relative_weights as relative_weights
    from cxstats.methods.reliability import reliability as reliability
    from cxstats.methods.response_rate import response_rate as response_rate
    from cxstats.methods.response_surface import response_surface as response_surface
    from cxstats.methods.segmented import segmented as segmented
    from cxstats.methods.top_box import top_box as top_box
    from cxstats.methods.touchpoint_benchmarks import touchpoint_benchmarks as touchpoint_benchmarks
    from cxstats.methods.touchpoint_importance import touchpoint_importance as touchpoint_importance
    from cxstats.methods.two_lines import two_lines as two_lines
    from cxstats.methods.two_part import two_part as two_part
    from cxstats.methods.usage_patterns import usage_patterns as usage_patterns
    from cxstats.methods.within_between import within_between as within_between
    from cxstats.methods.wow_attempts import wow_attempts as wow_attempts
    from cxstats.methods.wow_by_basics import wow_by_basics as wow_by_basics
    from cxstats.methods.wow_fading import wow_fading as wow_fading
    from cxstats.methods.wow_withdrawal import wow_withdrawal as wow_withdrawal
    from cxstats.moments.peak_end import peak_end as peak_end
    from cxstats.moments.sequence_features import sequence_features as sequence_features
    from cxstats.moments.sequences import Sequences as Sequences
    from cxstats.moments.sequences import sequences as sequences
    from cxstats.products.crossproducts import CrossProducts as CrossProducts
    from cxstats.products.crossproducts import cross_products as cross_products
    from cxstats.readers.read import read as read
    from cxstats.readers.scan import scan as scan
    from cxstats.roles import Binary as Binary
    from cxstats.roles import Continuous as Continuous
    from cxstats.roles import Count as Count
    from cxstats.roles import Rating as Rating
    from cxstats.roles import Survival as Survival
    from cxstats.scales import CSAT5 as CSAT5
    from cxstats.scales import CSAT7 as CSAT7
    from cxstats.scales import CSAT10 as CSAT10
    from cxstats.scales import EASE5 as EASE5
    from cxstats.scales import EASE7 as EASE7
    from cxstats.scales import EFFORT5 as EFFORT5
    from cxstats.scales import NPS as NPS
    from cxstats.scales import Scale as Scale
    from cxstats.starter.write import starter as starter
    from cxstats.studies.journey_or_touchpoint import journey_or_touchpoint as journey_or_touchpoint
    from cxstats.studies.stop_delighting import stop_delighting as stop_delighting
    from cxstats.studies.what_is_remembered import what_is_remembered as what_is_remembered
    from cxstats.studies.which_metric import which_metric as which_metric
    from cxstats.study.declared import DeclaredStudy as DeclaredStudy
    from cxstats.study.encounters import Encounters as Encounters
    from cxstats.study.parts import Change as Change
    from cxstats.study.parts import Columns as Columns
    from cxstats.study.parts import Expectation as Expectation
    from cxstats.study.parts import Journey as Journey
    from cxstats.study.parts import Metric as Metric
    from cxstats.study.parts import Moments as Moments
    from cxstats.study.parts import Sensitivity as Sensitivity
    from cxstats.study.parts import StudyOutcome as StudyOutcome
    from cxstats.study.parts import Table as Table
    from cxstats.study.service import Service as Service
    from cxstats.study.study import Study as Study
    from cxstats.study.surveys import Invitation as Invitation
    from cxstats.study.surveys import Trust as Trust

    from . import datasets as datasets
    from . import simulate as simulate

_HOME = {
    "cxstats.cells": (
        "Cells",
        "tally",
    ),
    "cxstats.claims.finding": (
        "Finding",
        "Validation",
    ),
    "cxstats.claims.locked_plan": (
        "LockedPlan",
        "register",
    ),
    "cxstats.claims.validation": ("validate",),
    "cxstats.errors": (
        "ColumnError",
        "CxStatsError",
        "CxStatsWarning",
        "ReadError",
        "RoleError",
        "ScaleError",
        "SeparationError",
        "StudyError",
        "TooFewError",
    ),
    "cxstats.methods.added_value": ("added_value",),
    "cxstats.methods.answer_quality": ("answer_quality",),
    "cxstats.methods.asymmetry": ("asymmetry",),
    "cxstats.methods.auc": ("auc",),
    "cxstats.methods.bend_gain": ("bend_gain",),
    "cxstats.methods.by_segment": ("by_segment",),
    "cxstats.methods.codings": ("codings",),
    "cxstats.methods.combination": ("combination",),
    "cxstats.methods.compounding": ("compounding",),
    "cxstats.methods.concordance": ("concordance",),
    "cxstats.methods.consistency": ("consistency",),
    "cxstats.methods.contact_harm": ("contact_harm",),
    "cxstats.methods.cox": ("cox",),
    "cxstats.methods.delong": ("delong",),
    "cxstats.methods.dependent_correlations": ("dependent_correlations",),
    "cxstats.methods.difference_in_differences": ("difference_in_differences",),
    "cxstats.methods.dominance": ("dominance",),
    "cxstats.methods.dwell_ambiguity": ("dwell_ambiguity",),
    "cxstats.methods.effort_disloyalty": ("effort_disloyalty",),
    "cxstats.methods.elasticity": ("elasticity",),
    "cxstats.methods.equivalence": ("equivalence",),
    "cxstats.methods.expectation_levels": ("expectation_levels",),
    "cxstats.methods.expectation_ratchet": ("expectation_ratchet",),
    "cxstats.methods.extreme_groups": ("extreme_groups",),
    "cxstats.methods.fair_fight": ("fair_fight",),
    "cxstats.methods.held_out": ("held_out",),
    "cxstats.methods.intention_behaviour": ("intention_behaviour",),
    "cxstats.methods.invariance": ("invariance",),
    "cxstats.methods.journey_increment": ("journey_increment",),
    "cxstats.methods.journey_score": ("journey_score",),
    "cxstats.methods.league_table": ("league_table",),
    "cxstats.methods.leakage": ("leakage",),
    "cxstats.methods.logistic": ("logistic",),
    "cxstats.methods.loyalty_ladder": ("loyalty_ladder",),
    "cxstats.methods.mean_score": ("mean_score",),
    "cxstats.methods.memory_contest": ("memory_contest",),
    "cxstats.methods.memory_effects": ("memory_effects",),
    "cxstats.methods.milder_end": ("milder_end",),
    "cxstats.methods.moment_kernel": ("moment_kernel",),
    "cxstats.methods.moment_weights": ("moment_weights",),
    "cxstats.methods.necessary_condition": ("necessary_condition",),
    "cxstats.methods.net_promoter": ("net_promoter",),
    "cxstats.methods.net_promoter_change": ("net_promoter_change",),
    "cxstats.methods.ordered_probit": ("ordered_probit",),
    "cxstats.methods.overlap_weights": ("overlap_weights",),
    "cxstats.methods.penalty_reward": ("penalty_reward",),
    "cxstats.methods.performance_slopes": ("performance_slopes",),
    "cxstats.methods.power": ("power",),
    "cxstats.methods.problem_recovery": ("problem_recovery",),
    "cxstats.methods.relative_weights": ("relative_weights",),
    "cxstats.methods.reliability": ("reliability",),
    "cxstats.methods.response_rate": ("response_rate",),
    "cxstats.methods.response_surface": ("response_surface",),
    "cxstats.methods.segmented": ("segmented",),
    "cxstats.methods.top_box": ("top_box",),
    "cxstats.methods.touchpoint_benchmarks": ("touchpoint_benchmarks",),
    "cxstats.methods.touchpoint_importance": ("touchpoint_importance",),
    "cxstats.methods.two_lines": ("two_lines",),
    "cxstats.methods.two_part": ("two_part",),
    "cxstats.methods.usage_patterns": ("usage_patterns",),
    "cxstats.methods.within_between": ("within_between",),
    "cxstats.methods.wow_attempts": ("wow_attempts",),
    "cxstats.methods.wow_by_basics": ("wow_by_basics",),
    "cxstats.methods.wow_fading": ("wow_fading",),
    "cxstats.methods.wow_withdrawal": ("wow_withdrawal",),
    "cxstats.moments.peak_end": ("peak_end",),
    "cxstats.moments.sequence_features": ("sequence_features",),
    "cxstats.moments.sequences": (
        "Sequences",
        "sequences",
    ),
    "cxstats.products.crossproducts": (
        "CrossProducts",
        "cross_products",
    ),
    "cxstats.readers.read": ("read",),
    "cxstats.readers.scan": ("scan",),
    "cxstats.roles": (
        "Binary",
        "Continuous",
        "Count",
        "Rating",
        "Survival",
    ),
    "cxstats.scales": (
        "CSAT10",
        "CSAT5",
        "CSAT7",
        "EASE5",
        "EASE7",
        "EFFORT5",
        "NPS",
        "Scale",
    ),
    "cxstats.starter.write": ("starter",),
    "cxstats.studies.journey_or_touchpoint": ("journey_or_touchpoint",),
    "cxstats.studies.stop_delighting": ("stop_delighting",),
    "cxstats.studies.what_is_remembered": ("what_is_remembered",),
    "cxstats.studies.which_metric": ("which_metric",),
    "cxstats.study.declared": ("DeclaredStudy",),
    "cxstats.study.encounters": ("Encounters",),
    "cxstats.study.parts": (
        "Change",
        "Columns",
        "Expectation",
        "Journey",
        "Metric",
        "Moments",
        "Sensitivity",
        "StudyOutcome",
        "Table",
    ),
    "cxstats.study.service": ("Service",),
    "cxstats.study.study": ("Study",),
    "cxstats.study.surveys": (
        "Invitation",
        "Trust",
    ),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}
_MODULES = ("datasets", "simulate")
__all__ = ["__version__", *sorted([*_WHERE, *_MODULES])]

if not TYPE_CHECKING:  # else a misspelt name would pass type checks

    def __getattr__(name: str) -> object:
        """Import a public name when it is first asked for, so that ``import cxstats`` stays fast."""
        import importlib

        if name in _MODULES:
            return importlib.import_module(f"cxstats.{name}")
        if name not in _WHERE:
            raise AttributeError(f"module 'cxstats' has no attribute '{name}'")
        value = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """Every public name, loaded or not."""
        return list(__all__)
