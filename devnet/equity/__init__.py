"""
Equity: the language in which contracts for Bytom's virtual machine are written.

`compile_source` turns a text into contracts with programs for the machine, the same
bytes as Bytom v1.1.0's; `instantiate` gives a contract its arguments.
"""
