"""The command line, and the only place where everything is put together.

- ``app``            the commands and their options;  ``jobs``, ``states``, ``attending``  those of one kind each
- ``exits``          the exit codes; ``printing`` how commands answer; ``logs`` where log lines go
- ``settings``       what stands before the command; ``opening`` the configuration and the database
- ``making``         init;  ``running``  run;  ``showing``  status, explain;  ``checking``  check-config, doctor
- ``submitting``     submit;  ``ordering``  pause, resume, cancel, retry, restore-inputs
- ``keeping``        backup, restore;  ``returning``  rollback;  ``parting``  forget;  ``demonstrating``  demo
- ``commands``       what the commands of pipelines look like;  ``asking``  how they are asked and answered
- ``choosing``       which keys a command is about
- ``stocking``       models: its commands;  ``weighing``  what they do;  ``using``  who uses which weights
- ``placing``        what a daemon is to know of its configuration
- ``wiring``         a daemon from a configuration;  ``wishes``  what signals ask of it
"""

from daemon.cli.entry import main

__all__ = ["main"]
