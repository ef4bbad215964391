"""The report as one HTML file that fetches nothing and runs no script."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from cxstats.claims.finding import Validation
from cxstats.report.methods_used import used_methods
from cxstats.report.next_steps import MOST_STEPS
from cxstats.report.pictures import MOST_DRAWN, finding_picture, levels_picture, score_picture, segments_picture
from cxstats.report.plain import plain
from cxstats.report.privacy import MIN_COUNT, rule
from cxstats.report.study_view import StudyView, view_studies
from cxstats.report.versions import environment_versions
from cxstats.report.words import ASSOCIATION, TERMS, VERDICTS

if TYPE_CHECKING:
    from jinja2 import Environment


def render_html(validations: Sequence[Validation], *, command: str = "", min_count: int = MIN_COUNT) -> str:
    """The report of one or more studies, for readers who know no statistics.

    Parameters
    ----------
    validations : sequence of Validation
        One part of the report each, in this order.
    command : str
        The command line that made the report, to be printed in it.
    min_count : int
        Counts from 1 to below it are held back: in tables, distributions and sentences.

    Returns
    -------
    str
        A whole HTML document: styles and pictures inside it, no script, nothing fetched. The same
        input gives the same text; no date is in it.

    Notes
    -----
    Every text of the data and of the study file is escaped. A policy in the head of the document
    forbids scripts and any loading, should a browser ever see something in it that is not text.
    """
    studies = view_studies(validations, min_count)
    methods, references = used_methods(validations)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            studies=studies,
            pictures={study.anchor: study_pictures(study) for study in studies},
            versions=sorted({validation.version for validation in validations}),
            environment=environment_versions(),
            methods=methods,
            references=references,
            rule=rule(min_count),
            most_drawn=MOST_DRAWN,
            most_steps=MOST_STEPS,
            command=plain(command),
            association=ASSOCIATION,
            verdicts=VERDICTS,
            terms=TERMS,
        )
    )


@cache
def environment() -> "Environment":
    """The templates of this folder: everything escaped, a missing name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("cxstats.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def study_pictures(study: StudyView) -> dict[str, str]:
    """The SVG pictures of a study by the anchor of what they show; already safe to stand in HTML."""
    from markupsafe import Markup

    drawn = {f"{f.anchor}-effect": finding_picture(f, study.label) for f in study.findings}
    drawn |= {f"{f.anchor}-levels": levels_picture(f, study.label) for f in study.findings}
    drawn |= {f"{f.anchor}-segments": segments_picture(f, study.label) for f in study.findings}
    drawn |= {s.anchor: score_picture(s, study.label) for s in study.scores}
    # Safe: written by matplotlib, which escapes every text, with a description that is escaped too.
    return {key: Markup(svg) for key, svg in drawn.items()}  # noqa: S704
