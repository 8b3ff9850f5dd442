"""The rules of CORS, one file each, with one table for each rule.

A row has the input, the expected result and why; policies are asked only through what ``crosscors`` exports.
Codes, options and the values that a hint gives are asserted; the sentences themselves are approved in
``approved/*.txt``. After a change of wording, ``pytest tests/rules --approve`` writes these files anew.
"""
