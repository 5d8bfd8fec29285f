"""Whether a talking head follows its audio, and how near it comes to the truth. Knows no engine.

- ``blocks``     who is held out when;  ``probe``   what the features alone tell of the mouth
- ``following``  lag curve, its peak and chance;  ``mouths``  spread, landmark distance, jitter
- ``pixels``     PSNR and SSIM;  ``baselines``  the frame of the nearest pose, the mean frame
- ``report``     all of it, as figures and as a yes or no a claim
"""
