"""One small function per kind of event, by subject."""
