"""Intercom's SDK for Python, unchanged but for its base URL, reads an activity log from us."""

import os
from urllib.parse import parse_qsl, urlsplit

from intercom import Intercom
from intercom.core.api_error import ApiError
from intercom.errors import UnauthorizedError

base_url = os.environ["HINDCAST_URL"]
client = Intercom(base_url=base_url, token=os.environ["HINDCAST_TOKEN"])


def pages():
    asked = {"created_at_after": "1734500000"}
    while True:
        options = {"additional_query_parameters": {k: v for k, v in asked.items() if k != "created_at_after"}}
        page = client.admins.list_all_activity_logs(
            created_at_after=asked["created_at_after"], request_options=options
        )
        yield page
        if page.pages.next is None:
            return
        following = urlsplit(page.pages.next)
        assert f"{following.scheme}://{following.netloc}" == base_url, "next is the address of a page"
        asked = dict(parse_qsl(following.query))


def refusal(call):
    try:
        call()
    except ApiError as error:
        return error
    raise AssertionError("this should have been refused")


read = list(pages())
assert [len(page.activity_logs) for page in read] == [20, 20, 5]
assert [page.pages.page for page in read] == [1, 2, 3] and read[0].pages.total_pages == 3
logs = [log for page in read for log in page.activity_logs]
assert len({log.id for log in logs}) == 45, "nothing comes twice"
times = [log.created_at for log in logs]
assert times == sorted(times, reverse=True), "newest first"

first, last = logs[0], logs[-1]
assert first.activity_type == "app_name_change" and first.created_at == 1734541200
assert (first.metadata.before, first.metadata.after) == ("Old Co", "New Co")
assert first.activity_description == "Ada Lovelace renamed the workspace from Old Co to New Co."
who = first.performed_by
assert (who.type, who.id, who.email, who.ip) == ("admin", "991267464", "ada@example.com", "192.0.2.7")
assert last.activity_type == "shop.opened", "a type that no list knows passes through"

assert [admin.name for admin in client.admins.list().admins] == ["Ada Lovelace"]
assert client.admins.find(991267464).email == "ada@example.com"
assert client.admins.identify().app.type == "app"
assert client.tags.list().data == []
assert refusal(lambda: client.admins.find(1)).status_code == 404

stranger = Intercom(base_url=base_url, token="dG9rOm5vYm9keQ==")
error = refusal(lambda: stranger.admins.list_all_activity_logs(created_at_after="0"))
assert isinstance(error, UnauthorizedError), error
assert error.body.type == "error.list" and error.body.errors[0].code == "unauthorized", error.body

print("ok       Intercom's SDK for Python")
