// Intercom's SDK for Node, unchanged but for its base URL, reads an activity log from us.
const assert = require("node:assert/strict");
const { IntercomClient, IntercomError } = require("intercom-client");

const baseUrl = process.env.HINDCAST_URL;
const client = new IntercomClient({ baseUrl, token: process.env.HINDCAST_TOKEN, maxRetries: 0 });

async function pages() {
    const read = [];
    let asked = { created_at_after: "1734500000" };
    let more = {};
    for (;;) {
        const page = await client.admins.listAllActivityLogs(asked, { queryParams: more });
        assert.equal(page.type, "activity_log.list");
        read.push(page);
        if (page.pages.next === null) return read;
        assert.equal(new URL(page.pages.next).origin, new URL(baseUrl).origin, "next is the address of a page");
        ({ created_at_after: asked.created_at_after, ...more } = Object.fromEntries(new URL(page.pages.next).searchParams));
    }
}

async function main() {
    const read = await pages();
    assert.deepEqual(read.map((page) => page.activity_logs.length), [20, 20, 5]);
    assert.deepEqual(read.map((page) => page.pages.page), [1, 2, 3]);
    assert.equal(read[0].pages.total_pages, 3);
    const logs = read.flatMap((page) => page.activity_logs);
    assert.equal(new Set(logs.map((log) => log.id)).size, 45, "nothing comes twice");
    const times = logs.map((log) => log.created_at);
    assert.deepEqual(times, times.toSorted((a, b) => b - a), "newest first");

    assert.equal(logs[0].activity_type, "app_name_change");
    assert.deepEqual(logs[0].metadata, { before: "Old Co", after: "New Co" });
    assert.equal(logs[0].activity_description, "Ada Lovelace renamed the workspace from Old Co to New Co.");
    assert.equal(logs[0].created_at, Date.UTC(2024, 11, 18, 17) / 1000);
    assert.deepEqual(logs[0].performed_by, { type: "admin", id: "991267464", email: "ada@example.com", ip: "192.0.2.7" });
    assert.equal(logs[1].activity_type, "admin_login_success");
    assert.equal(logs[44].activity_type, "shop.opened", "a type that no list knows passes through");

    const { admins } = await client.admins.list();
    assert.deepEqual(admins.map((admin) => admin.name), ["Ada Lovelace"]);
    assert.equal((await client.admins.find({ admin_id: 991267464 })).email, "ada@example.com");
    assert.equal((await client.admins.identify()).app.type, "app");
    assert.deepEqual((await client.tags.list()).data, []);
    await assert.rejects(client.admins.find({ admin_id: 1 }), (error) => error.statusCode === 404 && error.body.errors[0].code === "admin_not_found");

    const stranger = new IntercomClient({ baseUrl, token: "dG9rOm5vYm9keQ==", maxRetries: 0 });
    await assert.rejects(stranger.admins.listAllActivityLogs({ created_at_after: "0" }), (error) => {
        assert(error instanceof IntercomError);
        assert.equal(error.statusCode, 401);
        assert.equal(error.body.type, "error.list");
        assert.equal(error.body.errors[0].code, "unauthorized");
        return typeof error.body.request_id === "string";
    });
}

main().then(
    () => console.log("ok       Intercom's SDK for Node"),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
