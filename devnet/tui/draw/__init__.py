"""Pure drawing: (frozen view, width) in, Rich text out. Tested without an app."""
