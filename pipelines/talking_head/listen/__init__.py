"""The front ends: sound becomes features, a row a frame. Each is a name and a digest, which a trained model records.

- ``front``    what every front end is, and how it is asked so that nothing leaks
- ``mel``      log-mel bands, computed here;  ``speech``  Google's speech embedding;  ``joined``  both
- ``whisper``  OpenAI's Whisper;  ``whisper_file``  how its weights are kept
- ``wave``     hubert and wav2vec2, of the user's own;  ``wave_net``  the network;  ``tensors``  its weights as files
- ``transformer``  what the last two share;  ``windows``  long sound for them
"""
