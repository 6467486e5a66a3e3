"""The peer at the door: pretix's redeem call for one of 20,000 people, in process, on SQLite with its default durability.

Run by `run.py pretix` with the Python of an environment of its own that has pretix: `PRETIX_PYTHON=/path/to/python`. Not in our lock; imports nothing of
ours. Prints one line of JSON: milliseconds of the REST call (test client, token, one list) and of the bare service function.
"""
# ruff: noqa: E402  # Django wants its settings before its imports

import json
import os
import secrets
import statistics
import tempfile
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

PEOPLE, CALLS, WARM = 20_000, 300, 10
_FOLDER = tempfile.TemporaryDirectory()
os.environ.update(DATA_DIR=_FOLDER.name, PRETIX_CONFIG_FILE=os.devnull, PRETIX_PRETIX_URL="http://testserver", DJANGO_SETTINGS_MODULE="pretix.settings")

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils.timezone import now
from django_scopes import scope, scopes_disabled
from pretix.base.models import Event, Order, OrderPosition, Organizer
from pretix.base.services.checkin import perform_checkin
from rest_framework.test import APIClient


def furnish() -> tuple[Any, Any, str, list[str]]:
    """An organiser, an event with one item and one list, a token, and as many paid positions: (organiser, list, token, secrets)."""
    connection.cursor().execute("PRAGMA synchronous=OFF")  # for the setting up only; the connection is closed before anything is measured
    call_command("migrate", verbosity=0, interactive=False)
    with scopes_disabled(), transaction.atomic():
        organiser = Organizer.objects.create(name="Org", slug="org", plugins="")
        event = Event.objects.create(organizer=organiser, name="Event", slug="ev", date_from=now() + timedelta(days=1), currency="EUR", live=True, plugins=settings.PRETIX_PLUGINS_DEFAULT)
        item = event.items.create(name="Ticket", default_price=Decimal(10))
        the_list = event.checkin_lists.create(name="Door", all_products=True)
        token = organiser.teams.create(name="Scan", all_events=True, all_event_permissions=True).tokens.create(name="bench").token
        web = organiser.sales_channels.get(identifier="web")
        common = {"organizer": organiser, "event": event, "status": Order.STATUS_PAID, "locale": "en", "datetime": now(), "expires": now() + timedelta(days=9), "total": Decimal(10), "sales_channel": web}
        Order.objects.bulk_create([Order(code=f"A{n:05}", email=f"p{n}@example.org", **common) for n in range(PEOPLE)], batch_size=500)
        orders = Order.objects.filter(event=event).order_by("code").values_list("pk", flat=True)
        OrderPosition.all.bulk_create(
            [
                OrderPosition(organizer=organiser, order_id=order, item=item, price=Decimal(10), positionid=1, secret=secrets.token_hex(16), pseudonymization_id=f"P{n:07}", tax_rate=0, tax_value=0,
                              attendee_name_cached=f"Person {n}", attendee_name_parts={"_scheme": "full", "full_name": f"Person {n}"})
                for n, order in enumerate(orders)
            ], batch_size=500,
        )
        found = list(OrderPosition.all.order_by("pk").values_list("secret", flat=True))
    connection.close()
    return organiser, the_list, token, found


def main() -> None:
    organiser, the_list, token, found = furnish()
    chosen = found[:: PEOPLE // (2 * (CALLS + WARM))][: 2 * (CALLS + WARM)]
    client = APIClient(HTTP_AUTHORIZATION=f"Token {token}")
    calls, service = [], []
    for secret in chosen[::2]:
        started = time.perf_counter()
        answer = client.post("/api/v1/organizers/org/checkinrpc/redeem/", {"lists": [the_list.pk], "secret": secret, "nonce": secrets.token_hex(8)}, format="json")
        calls.append(time.perf_counter() - started)
        assert answer.status_code == 201 and answer.json()["status"] == "ok", answer.content
    with scope(organizer=organiser):
        for secret in chosen[1::2]:
            started = time.perf_counter()
            position = OrderPosition.all.select_related("order", "item").get(secret=secret, order__event=the_list.event)
            perform_checkin(position, the_list, {}, nonce=secrets.token_hex(8))
            service.append(time.perf_counter() - started)
    figures = {f"{name}_{p}_s": statistics.quantiles(taken[WARM:], n=20)[place] for name, taken in (("api", calls), ("service", service)) for p, place in (("p50", 9), ("p95", 18))}
    print(json.dumps(figures))


main()
