"""
A laboratory for consensus engines: a toy chain, a small host with virtual time and
faults, and the story of what everybody did. The conformance suite and the tests play
engines here; it knows nothing of any one of them.
"""
