"""Repositories of projects: what Git and its forges say, mirrored and shown."""
