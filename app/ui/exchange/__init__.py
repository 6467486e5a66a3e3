"""Reporting upward: what goes, onto which stick, what the district answered, and the keys of both sides."""
