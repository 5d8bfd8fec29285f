"""Networks of ONNX files that torch runs, for a GPU that onnxruntime cannot use. Wants torch and the package onnx.

- ``session``    a network on a device;  ``files``  what a file says;  ``nodes``  an operator with what it is told
- ``operators``  which there are, and those that compute;  ``windows``  over pictures;  ``arranging``  sizes and places
"""
