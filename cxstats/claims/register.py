"""The register: every claim that this version can test, family by family."""

from cxstats.claims import delight, journey, metric
from cxstats.claims.claim import Claim

CLAIMS: tuple[Claim, ...] = (*metric.CLAIMS, *journey.CLAIMS, *delight.CLAIMS)
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(claim.family for claim in CLAIMS))
