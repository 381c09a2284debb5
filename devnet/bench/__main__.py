"""`python -m devnet.bench`: the same as `devnet bench`."""

import sys

from devnet.bench import main

sys.exit(main())
