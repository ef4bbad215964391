"""Names for the arrays that pass between the floors."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Column: TypeAlias = NDArray[Any]  # float64 (missing is NaN) or object (text; missing is None)
