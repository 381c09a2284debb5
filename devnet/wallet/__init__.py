"""
The wallet: keys in files, accounts, receivers, assets, coins that are chosen and held,
transactions that are built and signed, and what the chain tells of all of them.

It holds no coins of its own: balances, coins and history are read from the state at the
mainchain's tip, so they follow every reorganisation by themselves.
"""
