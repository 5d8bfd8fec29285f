"""The only place where things happen at the same time: one thread owns the store and hears what all others say.

- ``loop``         the dispatcher: events in, decisions out
- ``events``       what other threads tell it
- ``intake``       from what lies in an inbox to rows
- ``line``         the stages that run
- ``progression``  what a job needs next (pure);  ``answering``  whether an earlier job answers for it
- ``gate``         whether anything may start now;  ``room``  how much at once
- ``movers``       the moves of users' files that a job causes, made by workers;  ``destinations``  where to
- ``receipts``     what is written down about a job
- ``answers``      what stages leave in their folders
- ``preparing``    what a job needs before its first stage;  ``committing``  what it leaves in state and tree
- ``following``    what follows for a job when a move or its stages end
- ``orders``       what the user orders from the command line;  ``asking``  jobs without an item
- ``reverting``    back to an earlier revision of a key's state
- ``forgetting``   a key is forgotten, with all that is on disk of it
- ``keys``         whose a state is, and the options that were said for it;  ``lasting``  which of these hold on
- ``sources``      where the originals of a key's files lie once their jobs are over
- ``tree_watch``   whether users have changed result trees
- ``retention``    what is removed with time
- ``site``         the places it all happens in
"""

from daemon.dispatch.asking import Asking, Question
from daemon.dispatch.events import Due, Event, Stop, Succeeded
from daemon.dispatch.intake import Intake
from daemon.dispatch.line import Line
from daemon.dispatch.loop import Crew, Dispatcher
from daemon.dispatch.movers import Movers
from daemon.dispatch.retention import Keep, Retention
from daemon.dispatch.room import Room
from daemon.dispatch.site import InboxSite, Limits, Site
from daemon.dispatch.tree_watch import TreeWatch

__all__ = [
    "Asking",
    "Crew",
    "Dispatcher",
    "Due",
    "Event",
    "InboxSite",
    "Intake",
    "Keep",
    "Limits",
    "Line",
    "Movers",
    "Question",
    "Retention",
    "Room",
    "Site",
    "Stop",
    "Succeeded",
    "TreeWatch",
]
