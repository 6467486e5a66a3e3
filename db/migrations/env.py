"""Alembic's entry: the connection comes from the vault, which has the key."""

from alembic import context

from db import door_tables, office_tables, registers  # noqa: F401  # the models must be known before they are compared
from db.journal import JournalRow  # noqa: F401  # likewise
from db.record import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
