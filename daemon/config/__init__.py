"""config.toml: what it may say, how it is read and checked, and the reference that is made from its types."""

from daemon.config.load import configured, find, load
from daemon.config.options import checked_options, reserved
from daemon.config.reference import default_toml, reference
from daemon.config.types import Config, Daemon, DockerTable, GpuTable, Inbox, PipelineTable

__all__ = [
    "Config",
    "Daemon",
    "DockerTable",
    "GpuTable",
    "Inbox",
    "PipelineTable",
    "checked_options",
    "configured",
    "default_toml",
    "find",
    "load",
    "reference",
    "reserved",
]
