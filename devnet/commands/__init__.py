"""The verbs: one typed function each, one grammar, one session for every front end."""
