"""Recordings on other machines: an agent there that reads tapes out, and copies here that grow as they do."""
