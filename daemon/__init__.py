"""visaged: a watch-folder daemon for faces. The map of the package, in the order of a drop's way:

- ``watch``     what lies in an inbox and when it is complete: scan is the truth, events are hints
- ``route``     an item becomes draft jobs (pure)
- ``custody``   where a user's bytes are: inbox, work, archive, failed; every move of them
- ``store``     the jobs: the only SQL
- ``dispatch``  the only place where things happen at the same time
- ``runners``   where stages run
- ``publish``   from a work folder to the result tree: the only writer of results
- ``tree``      result trees that belong to us and to the user alike: what they show, and what is changed in them
- ``revisions`` what a pipeline remembers of a key, revision by revision
- ``schedule``  when what is done at set times is due
- ``announce``  the user's own command, told when a job is over
- ``models``    the weights that pipelines need: what is here, and how the rest comes

Below them: ``moves``, ``folders``, ``unpack``, ``members`` (files, archives), ``names`` (that are safe everywhere),
``why`` and ``receipt`` (what the user reads), ``manifest``, ``gpus`` and ``machine`` (what there is to run on),
``failpoints`` (where a test may kill us). ``model`` has the types, ``errors`` the errors, ``config`` the configuration,
``view`` what a person sees of the state, ``doctor`` what is missing, ``cli`` the command line and the wiring.
"""
