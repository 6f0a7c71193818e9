"""An assistant reads the log, an agent calls tools through the gate: over both lifecycles of the protocol, and over the bridge."""

import asyncio
import json
import os
import urllib.error
import urllib.request

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

url = os.environ["HINDCAST_URL"]
CAP = """@id("cap") @reason("Large refunds are for people.")
forbid(principal is Agent, action == Action::"mcp.shop.refund", resource)
when { context.arguments.amount_cents > 5000 } unless { context has approval && context.approval.granted };"""


def api(method, path, body=None, token="BOSS_TOKEN"):
    headers = {"Authorization": f"Bearer {os.environ[token]}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers, method=method)) as answer:
        return json.load(answer)


def connect(path, token, mode):
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {os.environ[token]}"}, timeout=30)
    return Client(streamable_http_client(url + path, http_client=http), mode=mode)


def text(result):
    return "".join(block.text for block in result.content)


async def reads(client):
    names = [tool.name for tool in (await client.list_tools()).tools]
    assert names == ["search_log", "get_entry", "count", "facets", "explain_activity", "verify_entry"], names
    found = json.loads(text(await client.call_tool("search_log", {"q": "action:door.open"})))
    assert [entry["action"] for entry in found["entries"]] == ["door.open"], found
    verified = json.loads(text(await client.call_tool("verify_entry", {"id": str(found["entries"][0]["index"])})))
    assert verified["verified"] is True, verified
    wrong = await client.call_tool("search_log", {"q": 'actor:"ana'})
    assert wrong.is_error and json.loads(text(wrong))["code"] == "invalid_query", wrong


async def calls(client, cents):
    names = sorted(tool.name for tool in (await client.list_tools()).tools)
    assert names == ["lookup", "refund"], names
    small = await client.call_tool("refund", {"order_id": "o-1", "amount_cents": 100}, meta={"hindcast/conversation": "c-1"})
    assert not small.is_error and text(small) == "paid 100 for o-1", small
    large = {"order_id": "o-1", "amount_cents": cents}
    waits = await client.call_tool("refund", large)
    assert waits.is_error and "approval pending" in text(waits), waits
    pending = api("GET", "/v1/approvals?state=pending")["approvals"]
    api("POST", f"/v1/approvals/{pending[0]['id']}/approve", {"comment": "fine"})
    done = await client.call_tool("refund", large)
    assert not done.is_error and text(done) == f"paid {cents} for o-1", done
    again = await client.call_tool("refund", large)
    assert again.is_error and "approval pending" in text(again), "an approval is used once"


async def main():
    api("POST", "/v1/events", {"action": "door.open", "actor": {"type": "user", "id": "ana"}}, token="READER_TOKEN")
    for mode in ["legacy", "auto"]:
        async with connect("/mcp", "READER_TOKEN", mode) as client:
            await reads(client)
    bridge = StdioServerParameters(
        command=os.environ["HINDCAST_BINARY"],
        args=["mcp"],
        env={"HINDCAST_URL": url, "HINDCAST_TOKEN": os.environ["READER_TOKEN"]},
    )
    async with Client(bridge) as client:
        await reads(client)

    upstream = api("POST", "/v1/mcp/upstreams", {"name": "shop", "url": f"http://127.0.0.1:{os.environ['UPSTREAM_PORT']}/mcp"})
    path = f"/v1/mcp/upstreams/{upstream['id']}"
    for _ in range(100):
        try:
            seen = api("POST", path + "/refresh")
            break
        except urllib.error.HTTPError as error:
            assert error.code == 502, error.read()
            await asyncio.sleep(0.1)
    for tool in seen["tools"]:
        decision = {"name": tool["name"], "decision": "approve", "fingerprint": tool["fingerprint"], "writes": tool["name"] != "lookup"}
        api("PUT", path + "/tools", decision | {"targets": {"order_id": "order"}})
    saved = api("PUT", "/v1/policies/cap", {"text": CAP})
    api("POST", "/v1/policies/cap/activate", {"version": saved["version"], "enforced": 1})
    for mode, cents in [("legacy", 9000), ("auto", 9001)]:
        async with connect("/mcp/shop", "AGENT_TOKEN", mode) as client:
            await calls(client, cents)
    called = api("GET", "/v1/count?q=action:ai_agent.tool_called", token="READER_TOKEN")
    decided = api("GET", "/v1/count?q=action:gate.decided", token="READER_TOKEN")
    assert (called["count"], decided["count"]) == (4, 8), (called, decided)


asyncio.run(main())
print("passed   MCP's SDK for Python")
