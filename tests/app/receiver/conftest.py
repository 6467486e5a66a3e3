"""A real PostgreSQL of its own for these tests, where Debian's server is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.receiver import district
from app.receiver.district import Receiver
from tests.postgres import is_installed, throw_away


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A throw-away cluster; skipped where there is no server."""
    if not is_installed():
        pytest.skip("PostgreSQL is not installed here")
    with throw_away() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def any_receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        _empty(url)
    made, _ = district.init(tmp_path / "district", name="朝阳区总工会", password="district-pw", url=url)
    yield made
    made.close()


@pytest.fixture
def postgres_receiver(postgres_url: str, tmp_path: Path) -> Iterator[Receiver]:
    """A receiver on an empty PostgreSQL."""
    _empty(postgres_url)
    made, _ = district.init(tmp_path / "district", name="朝阳区总工会", password="district-pw", url=postgres_url)
    yield made
    made.close()


def _empty(url: str) -> None:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    engine.dispose()
