"""The register: every claim that this version can test, family by family."""

from cxstats.claims import delight, journey, memory, metric, over_time, service
from cxstats.claims.claim import Claim

CLAIMS: tuple[Claim, ...] = (
    *metric.CLAIMS,
    *journey.CLAIMS,
    *memory.CLAIMS,
    *delight.CLAIMS,
    *service.CLAIMS,
    *over_time.CLAIMS,
)
FAMILIES: tuple[str, ...] = tuple(dict.fromkeys(claim.family for claim in CLAIMS))
