"""The result tree, which is the interface: what stands where, and what it means when a user moves it.

- ``places``     where in the tree a path is, and the tag of a file;  ``names``  of files and of people's folders
- ``holdings``   what the tree is made of;  ``attributes``, ``attribute_files``  what was estimated of faces
- ``sights``     what we recognise in the tree as it is now
- ``said``       what users said that concerns the tree alone: what is hidden, where pictures without a face stand
- ``wanted``     who stands where;  ``naming``  under which name;  ``arranging``  both;  ``leaves``  as lines
- ``views``      the trees by gender, age …, and the filter
- ``landings``   which folders were renamed and merged;  ``edits``  what else was moved;  ``copies``  what was copied;
  ``fits``       which face of a picture is meant;  ``sayings``  all of it as decisions
- ``maps``, ``crops``, ``sheets``, ``tables``, ``report``   what lies in the tree besides pictures; ``portraits`` and
  ``telling``    gather what is on sheets and in the report; ``style`` and ``wording``  how it looks and reads
- ``stage``      the stage that puts it together
"""
