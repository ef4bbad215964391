"""`Study`: tables, what their columns mean, and what happened afterwards; checked once, then only asked."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from cxstats.arrays import Bools
from cxstats.cells import Cells, tally
from cxstats.errors import StudyError
from cxstats.study.asked import asked_roles, asked_scales, known
from cxstats.study.declared import DeclaredStudy
from cxstats.study.frame import Analysis, analyse
from cxstats.study.parts import TableAccount, Timing
from cxstats.study.plan import plan_of
from cxstats.study.rules import Declared


@dataclass(frozen=True, eq=False, init=False)
class Study(DeclaredStudy):
    """Data of customers, and what each column is: what `validate` puts the claims to the test on.

    Made from a study file with `Study.read`, or in Python without any file. Everything is checked when it is made:
    names, columns, filters, joins, and that no outcome began before the feedback that is to predict it.

    Parameters
    ----------
    tables : mapping from name to dataframe, path or Table
        A `Table` says besides how its rows are filtered, joined and picked.
    metrics : mapping from name to Scale or Metric
        A scale alone means the column of that name.
    outcomes : mapping from name to Binary, Rating, Continuous, Count, Survival or StudyOutcome
    expectation : Expectation, optional
    journey : Journey, optional
        Which metric rates a journey as a whole, and which its touchpoints.
    change : Change, optional
        Which of the segments say who was treated, and when.
    moments : Moments, optional
        Experiences that were rated moment by moment, and as a whole afterwards.
    service : Service, optional
        Problems, contacts, attempts to wow, and what was recorded of them.
    encounters : Encounters, optional
        Encounters that customers had one after the other, in a table of their own.
    trust : Trust, optional
        Trust in a firm, asked in several periods.
    invitation : Invitation, optional
        Who was invited to which survey, and whether it was answered.
    sensitivities : list of Sensitivity, optional
        Alternative analyses of the expectation, shown beside the verdict.
    title, evidence, source, licence, note : str
        For the report. ``evidence`` is real, simulated or published.
    rows : str, optional
        The table whose rows are analysed; not needed with one table.
    cluster, weight, count : str, optional
        Columns of that table, as in `tally`.
    controls, segments : list of str or Columns, optional
        Columns of numbers or text: what is known of customers besides the metrics, and the groups in which
        they are told apart. A column may be both. `Columns` says besides which table has them.
    firm : str, optional
        Column of the analysed table that says which firm (store, branch, agent) served the customer.
    smallest_effect : mapping from effect to number, optional
        Overrides the register's defaults.
    sections : list of Section, optional
        Further parts that no claim of this version uses; checked to exist.

    Raises
    ------
    StudyError
        The study contradicts itself or its data; each line begins with the path of the key.

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> customers = pd.DataFrame({"nps": [9, 10, 3, None], "repurchase": [1, 1, 0, 1]})
    >>> study = cx.Study(
    ...     title="Four customers",
    ...     tables={"customers": customers},
    ...     metrics={"nps": cx.NPS},
    ...     outcomes={"repurchase": cx.Binary("repurchase", after=True)},
    ... )
    >>> print(study.cells("repurchase", metrics=["nps"]))
    Cells: 4 rows in 4 distinct (1x) · nps 0-10, repurchase 0/1 · 1 row with a missing value
    >>> study.timing("repurchase").status
    'declared'
    """

    _analysis: Analysis = field(repr=False)

    def _look_at_data(self, declared: Declared) -> None:
        object.__setattr__(self, "_analysis", analyse(plan_of(declared)))

    @property
    def moment_rows(self) -> Any:
        """The moments as a pandas frame, with the overall rating in each row of its experience; None without any."""
        return self._analysis.moments

    @property
    def encounter_rows(self) -> Any:
        """The encounters as a pandas frame, one row each; None without any."""
        return self._analysis.encounters

    @property
    def tables_account(self) -> tuple[TableAccount, ...]:
        """What became of the rows of each table that was read."""
        return self._analysis.accounts

    def cells(
        self,
        outcome: str | None,
        *,
        metrics: Sequence[str] = (),
        controls: bool = False,
        segment: str | None = None,
        firm: bool = False,
        change: bool = False,
        service: Sequence[str] = (),
        encounters: Sequence[str] = (),
        intention: str | None = None,
        disconfirmation: bool = False,
        expected: bool = False,
        sensitivity: int | None = None,
    ) -> Cells:
        """The cells for one analysis: an outcome, some metrics, the expectation, and the keys of the study.

        Parameters
        ----------
        outcome : str or None
            Name of an outcome.
        metrics : list of str
            Names of metrics.
        controls : bool
            Whether the study's controls, if it has any, belong to the analysis.
        segment : str, optional
            Name of a segment, which becomes a stratum. It is then no control besides, since it does not vary
            within itself.
        firm : bool
            Whether firms, instead of the study's clusters, are what makes rows dependent. The column of the
            cells is called ``cluster`` all the same.
        change : bool
            Whether the segments that say who was treated and when, if they are declared, are the strata.
        service : list of str
            Keys of the service section, whose columns become strata: ``service.problem`` and the like.
        encounters : list of str
            What of the customer's encounters becomes a control, of the names in ``encounter_summaries``: ``mean``,
            ``sd`` and ``n`` of the ratings, ``perk_share``, ``failure_share``. In the cells the columns are called
            ``encounters.mean`` and the like.
        intention : str, optional
            Name of another outcome, a rating or binary one of kind intention, which joins the metrics: a
            binary one on a scale of 0 and 1. So both can be analysed on the same rows.
        disconfirmation : bool
            Whether the gap belongs to the analysis, as the column ``disconfirmation``.
        expected : bool
            Whether what was expected and what was performed, of which the gap is made, become controls, as
            ``expectation.expected`` and ``expectation.performed``.
        sensitivity : int, optional
            Number of an alternative analysis, from 0: its rows, and its gap.
        """
        outcomes, declared = self.outcomes, self._declared
        known([] if outcome is None else [outcome], list(outcomes), "outcome")
        scales = asked_scales(metrics, intention, scales=self.metric_scales, outcomes=outcomes, outcome=outcome)
        roles = asked_roles(
            declared,
            controls=controls,
            segment=segment,
            firm=firm,
            change=change,
            service=service,
            encounters=encounters,
            gap=disconfirmation,
            expected=expected,
        )
        asked = None if outcome is None else outcomes[outcome]
        return tally(self._frame(sensitivity, firm), outcome=asked, metrics=scales, **roles)

    def _frame(self, sensitivity: int | None, firm: bool) -> Any:
        """The analysis frame, by firms if asked, or what an alternative analysis makes of it."""
        frame, n = self._analysis.frame, len(self.sensitivities)
        if firm:
            frame = frame.assign(cluster=self._analysis.firm)
        if sensitivity is None:
            return frame
        if not 0 <= sensitivity < n:
            raise StudyError(f"sensitivity: the study declares {n}, counted from 0 here, and none is {sensitivity}.")
        kept, gap = self._analysis.alternatives[sensitivity]
        return (frame if gap is None else frame.assign(disconfirmation=gap))[kept]

    def only(self, kept: Bools) -> "Study":
        """The study on some of its analysed rows, for a look at how much they matter; moments and encounters stay.

        Parameters
        ----------
        kept : array of bool
            For each row of the analysed table, in its order.
        """
        whole = self._analysis
        return self._on(
            replace(
                whole,
                frame=whole.frame[kept],
                firm=None if whole.firm is None else whole.firm[kept],
                alternatives=tuple((rows[kept], gap if gap is None else gap[kept]) for rows, gap in whole.alternatives),
            )
        )

    def filled(self, values: Mapping[str, Any]) -> "Study":
        """The study with other values in some columns of its analysis, such as imputed ones."""
        return self._on(replace(self._analysis, frame=self._analysis.frame.assign(**values)))

    def column(self, name: str) -> Any:
        """A column of the analysis, by the name that it has in the cells: a pandas series."""
        return self._analysis.frame[name]

    def frame_of(self, names: Sequence[str]) -> Any:
        """Columns of the analysis as a pandas frame of its own."""
        return self._analysis.frame[list(names)].copy()

    def _on(self, analysis: Analysis) -> "Study":
        other = copy(self)
        object.__setattr__(other, "_analysis", analysis)
        return other

    def timing(self, outcome: str) -> Timing:
        """Whether the outcome came after the feedback, how that is known, and how long before it that was given."""
        known([outcome], list(self.outcomes), "outcome")
        return self._analysis.timing[outcome]

    def n_late(self, outcome: str) -> int:
        """Rows whose feedback came after the outcome's window had begun, left out for this outcome."""
        return self.timing(outcome).n_late
