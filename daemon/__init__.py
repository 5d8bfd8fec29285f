"""visaged: a watch-folder daemon for faces. The map of the package, in the order of a drop's way:

- ``watch``     what lies in an inbox and when it is complete: scan is the truth, events are hints
- ``route``     an item becomes draft jobs (pure)
- ``custody``   where a user's bytes are: inbox, work, archive, failed; every move of them
- ``store``     the jobs: the only SQL
- ``dispatch``  the only place where things happen at the same time
- ``runners``   where stages run
- ``publish``   from a work folder to the result tree: the only writer of results
- ``schedule``  retention, missed runs

``model`` has the types, ``errors`` the errors, ``config`` the configuration, ``cli`` the command line and the wiring.
"""
