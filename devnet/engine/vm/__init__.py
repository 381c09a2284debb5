"""
The Bytom virtual machine (BVM), version 1.

Start reading at `machine.run`; then `state.Machine` (what a machine is), `table` (all
256 opcodes) and one module per family: pushing, control, stack, splice, bitwise,
numeric, crypto, introspection.
"""
