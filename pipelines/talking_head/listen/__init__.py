"""The front ends: sound becomes features, a row a frame. Each is a name and a digest, which a trained model records.

- ``front``    what every front end is, and how it is asked so that nothing leaks
- ``mel``      log-mel bands, computed here;  ``speech``  Google's speech embedding
"""
