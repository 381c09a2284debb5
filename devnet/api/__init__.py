"""
The HTTP front end: Bytom's own node interface over the commands and the wallet.

`table.py` holds one table of endpoints, from which routing and validation come;
`endpoints/` the handlers, `app.py` what happens to a request, `serving.py` the server.
"""
