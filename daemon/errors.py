"""The errors that the daemon raises, drawn as a tree.

::

    VisagedError             every error of ours; its message is a sentence for the user
    ├── ConfigError          config.toml cannot be used: file, dotted key, what is expected
    ├── StoreError           the database cannot be opened or is not ours
    ├── InboxOffline         a share is gone or its marker is missing: nothing is inferred from missing files
    ├── RunnerUnavailable    the outside thing that runs stages does not answer: wait, no attempt is burned
    └── CannotDo             what was asked for does not fit the present state

What a drop does wrong is not an error of the daemon: it is a value (``model.Failed``).
"""


class VisagedError(Exception):
    """Every error of ours. The message says what happened, where, and what to do."""


class ConfigError(VisagedError):
    """The configuration cannot be used."""


class StoreError(VisagedError):
    """The database cannot be opened, or is not one of ours."""


class InboxOffline(VisagedError):
    """The inbox is not there: its folder or its marker is missing."""


class RunnerUnavailable(VisagedError):
    """What runs the stages does not answer at present."""


class CannotDo(VisagedError):
    """What was asked for does not fit the present state of the thing it was asked of."""
