"""``python -m daemon.config`` prints the reference of config.toml, with ``--toml`` the commented config.toml itself."""

import sys

from daemon.config.reference import default_toml, reference
from pipelines.registry import ours

sys.stdout.write(default_toml(ours()) if "--toml" in sys.argv[1:] else reference(ours()))
