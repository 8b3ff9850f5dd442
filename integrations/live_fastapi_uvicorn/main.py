"""FastAPI on uvicorn. The origins are those of the customers, asked with SQLAlchemy."""

from __future__ import annotations

import os

from fastapi import FastAPI
from sqlalchemy import event, exists, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crosscors import CORSRequest
from crosscors.fastapi import CORS
from crosscors.live import cached

TTL = float(os.environ.get("CUSTOMERS_TTL", "60"))
engine = create_async_engine(f"sqlite+aiosqlite:///{os.environ['CUSTOMERS']}", connect_args={"timeout": 0.1})
queries: list[str] = []  # tests count them


class Base(DeclarativeBase):
    """What SQLAlchemy's models have in common."""


class Customer(Base):
    __tablename__ = "customers"
    origin: Mapped[str] = mapped_column(primary_key=True)


@event.listens_for(engine.sync_engine, "before_cursor_execute")
def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    queries.append(statement)


async def is_customer(request: CORSRequest) -> bool:
    async with engine.connect() as connection:
        return bool(await connection.scalar(select(exists().where(Customer.origin == request.origin))))


app = FastAPI()
CORS(
    app,
    allow_origin_func=cached(is_customer, ttl=TTL, negative_ttl=TTL / 2),
    allow_methods=["GET", "PUT"],
    allow_credentials=True,
    max_age=60,
)


@app.get("/items/{number}")
async def read_item(number: int) -> dict[str, int]:
    return {"number": number}


@app.get("/queries")
async def count_queries() -> dict[str, int]:
    return {"queries": len(queries)}
