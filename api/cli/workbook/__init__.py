"""Workbooks (``.xlsx``, ECMA-376) read as tables, from bytes that anybody may have made.

``reading`` is the door: bytes to the rows of one sheet. ``archive`` guards the zip, ``parts``
the XML, ``sheet`` reads cells, ``number_format`` says what a spreadsheet shows for a number.
Nothing here writes, opens files, follows links or runs anything that a workbook holds.
"""
