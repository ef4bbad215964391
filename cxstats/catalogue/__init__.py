"""METHODS: every method with the question that it answers; nothing is loaded before it is called.

A new method is one more entry in the file of its question. The list on the command line, the table in the README and
`tests/test_contract.py` follow from it.
"""

from cxstats.catalogue.delight import DELIGHT
from cxstats.catalogue.journeys import JOURNEYS
from cxstats.catalogue.memory import MEMORY
from cxstats.catalogue.metrics import METRICS
from cxstats.catalogue.over_time import OVER_TIME
from cxstats.catalogue.scores import SCORES
from cxstats.method import Method

METHODS: tuple[Method, ...] = (*SCORES, *METRICS, *JOURNEYS, *DELIGHT, *MEMORY, *OVER_TIME)
