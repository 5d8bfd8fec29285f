"""Questions that change nothing: who there is, where somebody is, what can be seen in pictures.

- ``stage``    the stage ``ask``, by command;  ``tables``  tables in plain letters
- ``people_list``, ``people_show``   who there is
- ``finding``  where the person of a picture is;  ``likeness``  how alike everybody is to them
- ``diagnose``, ``bench``   what detectors see in pictures
"""
