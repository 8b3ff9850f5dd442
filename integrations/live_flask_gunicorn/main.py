"""Flask on gunicorn. The origins are those of the customers, in a database that is asked in plain SQL."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from flask import Flask

from crosscors import CORSRequest
from crosscors.flask import CORS
from crosscors.live import cached

TTL = float(os.environ.get("CUSTOMERS_TTL", "60"))
queries: list[str] = []  # tests count them


def is_customer(request: CORSRequest) -> bool:
    with closing(sqlite3.connect(os.environ["CUSTOMERS"], timeout=0.1)) as database:
        database.set_trace_callback(queries.append)
        found = database.execute("SELECT 1 FROM customers WHERE origin = ?", [request.origin])
        return found.fetchone() is not None


app = Flask(__name__)
CORS(
    app,
    allow_origin_func=cached(is_customer, ttl=TTL, negative_ttl=TTL / 2),
    allow_methods=["GET", "PUT"],
    allow_credentials=True,
    max_age=60,
)


@app.get("/items/<int:number>")
def read_item(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/queries")
def count_queries() -> dict[str, int]:
    return {"queries": len(queries)}
