"""
`devnet conformance`: files of test vectors, run on the engine's public functions.

Reading order: `fields` (a case, its values and its differences), `families` (which
formats there are, how they are told apart), `runner` (files in, reports out), and then
any family: each says what the sections of its files mean.
"""
