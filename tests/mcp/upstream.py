"""A shop's tools, served by the official SDK."""

import os

from mcp.server import MCPServer

server = MCPServer("shop")


@server.tool()
def lookup(order_id: str) -> str:
    """Finds an order."""
    return f"order {order_id} is paid"


@server.tool()
def refund(order_id: str, amount_cents: int) -> str:
    """Pays money back."""
    return f"paid {amount_cents} for {order_id}"


server.run("streamable-http", port=int(os.environ["UPSTREAM_PORT"]))
