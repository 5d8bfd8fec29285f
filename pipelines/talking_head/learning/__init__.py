"""How any engine learns somebody: one loop, one way to keep what it has learned so far, one way to be driven.

- ``engine``   what an engine and its model are: the two Protocols that stages know
- ``course``   the loop: rates, rollback, the caps on time and memory, and who is told
- ``shelf``    checkpoints: a run that was killed goes on as if it had not been
- ``looks``    how far a picture is from the truth;  ``picking``  which frame is looked at
- ``drivers``  what gives a model its codes;  ``driven``  a model whose mouth a motion drives
"""
