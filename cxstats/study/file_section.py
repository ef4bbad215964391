"""What all sections of a study file have in common, and those with a scale."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from cxstats.scales import NAMED, Scale
from cxstats.scales import Kind as ScaleKind

Problems = Iterator[tuple[str, str]]  # key, what is wrong with it


class FileSection(BaseModel):
    """A section: no key but its own; a value must have the type of its key."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def problems(self) -> Problems:
        """What is wrong between the keys of the section."""
        return iter(())

    @model_validator(mode="after")
    def _consistent(self) -> "FileSection":
        problems = list(self.problems())
        if problems:
            raise PydanticCustomError("keys", "keys contradict each other", {"problems": problems})
        return self


class ScaledSection(FileSection):
    """A section with a scale: a name, or bounds with a direction."""

    higher_is_better: bool | None = None
    whole: bool | None = None

    def scale_problems(self, scale: Any, kind: str | None) -> Problems:
        if isinstance(scale, list):
            if self.higher_is_better is None:
                yield (
                    "higher_is_better",
                    "is required with scale = [low, high]: a direction is declared, never guessed.",
                )
            elif not scale[0] < scale[1]:
                yield "scale", f"must run from a low to a higher value, not from {scale[0]:g} to {scale[1]:g}."
            elif self.whole is not False and not all(float(bound).is_integer() for bound in scale):
                yield "scale", "must have whole bounds, unless whole = false."
            return
        for key in ("higher_is_better", "whole"):
            if getattr(self, key) is not None:
                yield key, f"is for scale = [low, high]; '{scale}' says it already."
        if kind is not None and scale is not None and kind != NAMED[scale].kind:
            yield "kind", f"is '{kind}', but the scale '{scale}' is of kind '{NAMED[scale].kind}'."

    def paired_scale_problems(self, **scales: Any) -> Problems:
        """One direction, and one ``whole``, for both scales; a named scale beside bounds needs neither."""
        given = {key: scale for key, scale in scales.items() if scale is not None}
        bounds = {key: scale for key, scale in given.items() if isinstance(scale, list)}
        for key, scale in (bounds or given).items():
            for where, text in self.scale_problems(scale, None):
                yield key if where == "scale" else where, text
        if not given:
            yield from self.without_scale_problems()

    def without_scale_problems(self) -> Problems:
        """Keys about a scale that is not there."""
        for key in ("higher_is_better", "whole"):
            if getattr(self, key) is not None:
                yield key, "is for scale = [low, high], but no scale is given."

    def optional_scale(self, scale: Any) -> Scale | None:
        """The scale, if one is given."""
        return None if scale is None else self.made_scale(scale, None)

    def made_scale(self, scale: Any, kind: ScaleKind | None) -> Scale:
        """The scale itself."""
        if isinstance(scale, str):
            return NAMED[scale]
        whole, better = self.whole is not False, bool(self.higher_is_better)
        return Scale(scale[0], scale[1], higher_is_better=better, kind=kind or "other", whole=whole)
