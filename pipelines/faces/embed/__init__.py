"""Pictures become faces with embeddings: the stage ``embed``, and what else looks at pictures the same way.

- ``pictures`` a file becomes upright pixels, by ``pixels``;  ``video`` a film becomes frames
- ``detection`` where faces are: ``sizes`` says at which scales, ``scrfd`` and ``yunet`` read what the networks say
- ``alignment`` a face becomes a chip;  ``recognition`` chips become embeddings;  ``quality`` how good a face is
- ``sessions`` the networks, on a processor or a GPU; ``by_torch`` where onnxruntime cannot use it
- ``looking`` all of this for a few pictures at a time
- ``checkpoints`` what is done already;  ``trial`` pictures that kill their reader
- ``tracks`` a face that stays in view of a video;  ``crops`` what stands in a folder in place of a picture
- ``views`` what goes in and comes out;  ``files`` a shard's files as views
- ``stage`` a shard of a drop;  ``one`` a single file
"""
