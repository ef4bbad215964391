"""Data with known truth: for tests, for planning, and to see what a method does where nothing is there.

Every number a claim is about (areas under the curve, shares who repurchase, slopes) is a parameter or is
computed as an integral, not as the mean of a simulation. Everything made here is simulated.
"""

from cxstats.simulate.answers import clustered as clustered
from cxstats.simulate.answers import cohort as cohort
from cxstats.simulate.population import CohortTruth as CohortTruth
from cxstats.simulate.population import truth as truth
from cxstats.simulate.ratings import RatingTruth as RatingTruth
from cxstats.simulate.ratings import linear_rating as linear_rating
from cxstats.simulate.ratings import linear_rating_truth as linear_rating_truth
