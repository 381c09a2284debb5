"""
May this transaction, may this block follow? Each rule returns or raises.

`transaction` judges one transaction (values, gas, programs), `block` a header and the
transactions of a block. Neither knows the set of unspent outputs: whether an output is
there to be spent is asked when a block joins a chain (engine/chain).
"""
