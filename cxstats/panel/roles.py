"""What the columns of a table of encounters are: one row per encounter of a customer."""

from dataclasses import dataclass, fields

from cxstats.errors import RoleError, listed
from cxstats.roles import Continuous, Rating

Rated = Rating | Continuous


@dataclass(frozen=True, kw_only=True)
class EncounterRoles:
    """Which columns tell customer, order, perk and rating.

    Attributes
    ----------
    customer, order : str
        Who, and when: numbers, days or moments in time.
    perk : str
        1 where the customer was given the perk (the wow), else 0.
    outcome, expectation : Rating or Continuous, or None
        The rating after the encounter, and what was expected before it.
    period : str or None
        Season or month. Without it the period is the number of the encounter of its customer.
    cluster, schedule : str or None
        A unit above the customer, and how the perk came; one value per customer.
    """

    customer: str
    order: str
    perk: str
    outcome: Rated | None = None
    expectation: Rated | None = None
    period: str | None = None
    cluster: str | None = None
    schedule: str | None = None

    def __post_init__(self) -> None:
        for part in fields(self):
            given: object = getattr(self, part.name)
            if part.name in ("outcome", "expectation"):
                _check_rated(part.name, given)
            elif not isinstance(given, str) and not (given is None and part.default is None):
                raise RoleError(f"{part.name} must be the name of a column, but {given!r} was given.")
        named = list(self._named)
        if self.period == self.order:  # months can be both
            named.remove(self.order)
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise RoleError(f"A column can have one role only, but {listed(twice)} has more.\nName another column.")

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns that must hold something in every row."""
        named = (self.customer, self.order, self.perk, self.period, self.cluster, self.schedule)
        return tuple(name for name in named if name is not None)

    @property
    def rated(self) -> tuple[Rated, ...]:
        """What may be missing: the ratings."""
        return tuple(one for one in (self.outcome, self.expectation) if one is not None)

    @property
    def given(self) -> tuple[str, ...]:
        """All columns that are read, each once."""
        return tuple(dict.fromkeys(self._named))

    @property
    def _named(self) -> tuple[str, ...]:
        return (*self.keys, *(one.column for one in self.rated))


def _check_rated(name: str, given: object) -> None:
    if given is not None and not isinstance(given, Rating | Continuous):
        raise RoleError(
            f"{name} must be a Rating or a Continuous outcome, but {given!r} was given."
            f'\nPass for example {name}=cx.Rating("stars", cx.CSAT5).'
        )
