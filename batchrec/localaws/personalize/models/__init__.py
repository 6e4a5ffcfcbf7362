"""State and rules of the local Amazon Personalize.

Every rule cites the Personalize API Reference or Developer Guide; what AWS doesn't document is
marked as ours and takes the side that is safe for a pipeline.
"""

from moto.core.base_backend import BackendDict

from batchrec.localaws.personalize.models.attributions import AttributionBackend
from batchrec.localaws.personalize.models.batch_jobs import BatchJobBackend
from batchrec.localaws.personalize.models.catalogue import CatalogueBackend
from batchrec.localaws.personalize.models.datasets import DatasetBackend
from batchrec.localaws.personalize.models.deletions import DeletionBackend
from batchrec.localaws.personalize.models.filters import FilterBackend
from batchrec.localaws.personalize.models.solutions import SolutionBackend
from batchrec.localaws.personalize.models.tags import TagBackend


class PersonalizeBackend(
    DatasetBackend,
    SolutionBackend,
    FilterBackend,
    BatchJobBackend,
    DeletionBackend,
    AttributionBackend,
    TagBackend,
    CatalogueBackend,
):
    """Personalize in one account and Region."""


personalize_backends = BackendDict(PersonalizeBackend, "personalize")
