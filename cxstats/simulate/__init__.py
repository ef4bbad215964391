"""Data with known truth: for tests, for planning, and to see what a method does where nothing is there.

Every number a claim is about (areas under the curve, shares who repurchase, slopes) is a parameter or is
computed as an integral or a finite sum, not as the mean of a simulation. Everything made here is simulated.
Beside each function that draws stands ``<function>_truth`` with the same parameters.
"""

from cxstats.simulate.answers import clustered as clustered
from cxstats.simulate.answers import cohort as cohort
from cxstats.simulate.complements import ComplementsTruth as ComplementsTruth
from cxstats.simulate.complements import complements as complements
from cxstats.simulate.complements import complements_truth as complements_truth
from cxstats.simulate.encounters import EncountersTruth as EncountersTruth
from cxstats.simulate.encounters import encounters as encounters
from cxstats.simulate.encounters import encounters_truth as encounters_truth
from cxstats.simulate.firms import FirmsTruth as FirmsTruth
from cxstats.simulate.firms import firms as firms
from cxstats.simulate.firms import firms_truth as firms_truth
from cxstats.simulate.industries import IndustriesTruth as IndustriesTruth
from cxstats.simulate.industries import industries as industries
from cxstats.simulate.industries import industries_truth as industries_truth
from cxstats.simulate.intentions import IntentionsTruth as IntentionsTruth
from cxstats.simulate.intentions import intentions as intentions
from cxstats.simulate.intentions import intentions_truth as intentions_truth
from cxstats.simulate.journey_population import JourneysTruth as JourneysTruth
from cxstats.simulate.journeys import journeys as journeys
from cxstats.simulate.journeys import journeys_truth as journeys_truth
from cxstats.simulate.leak import LeakTruth as LeakTruth
from cxstats.simulate.leak import leak as leak
from cxstats.simulate.leak import leak_truth as leak_truth
from cxstats.simulate.population import CohortTruth as CohortTruth
from cxstats.simulate.population import truth as truth
from cxstats.simulate.ratings import RatingTruth as RatingTruth
from cxstats.simulate.ratings import linear_rating as linear_rating
from cxstats.simulate.ratings import linear_rating_truth as linear_rating_truth
from cxstats.simulate.service import service as service
from cxstats.simulate.service import service_truth as service_truth
from cxstats.simulate.service_population import ServiceTruth as ServiceTruth
from cxstats.simulate.shapes import ShapeTruth as ShapeTruth
from cxstats.simulate.shapes import shapes as shapes
from cxstats.simulate.shapes import shapes_truth as shapes_truth
from cxstats.simulate.spenders import spenders as spenders
from cxstats.simulate.spenders import spenders_truth as spenders_truth
from cxstats.simulate.spending import SpendersTruth as SpendersTruth
from cxstats.simulate.subscriber_population import SubscribersTruth as SubscribersTruth
from cxstats.simulate.subscribers import subscribers as subscribers
from cxstats.simulate.subscribers import subscribers_truth as subscribers_truth
from cxstats.simulate.visits import VisitsTruth as VisitsTruth
from cxstats.simulate.visits import visits as visits
from cxstats.simulate.visits import visits_truth as visits_truth
