// Small refunds pass, large ones wait for a person, and nothing passes without a gate.
import { Gate, NotAllowed } from "./gate.js";

const env = process.env as Record<string, string>;
const gate = new Gate(env.HINDCAST_URL, env.AGENT_TOKEN);
const paid: number[] = [];

async function api(method: string, path: string, body?: unknown): Promise<any> {
  const headers = { Authorization: `Bearer ${env.BOSS_TOKEN}`, "Content-Type": "application/json" };
  const answer = await fetch(env.HINDCAST_URL + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  return answer.json();
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const refund = gate.tool(
  "order.refund",
  { type: "agent", id: "fin-ts" },
  (args: { order: string; amount_cents: number }) => {
    if (args.amount_cents < 0) throw new Error("nothing to pay back");
    paid.push(args.amount_cents);
    return "paid";
  },
  { targets: (args) => [{ type: "order", id: args.order }], waitSeconds: 20 },
);

async function approve(): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { approvals } = await api("GET", "/v1/approvals?state=pending");
    const waiting = approvals.find((one: any) => one.asked.actor.id === "fin-ts");
    if (waiting) return api("POST", `/v1/approvals/${waiting.id}/approve`, { comment: "fine" });
    await new Promise((go) => setTimeout(go, 100));
  }
}

async function refused(tried: Promise<unknown>): Promise<unknown> {
  return tried.then(() => { throw new Error("it was not refused"); }, (error) => error);
}

check((await refund({ order: "o-1", amount_cents: 100 })) === "paid", "a small one passes");
check(!((await refused(refund({ order: "o-1", amount_cents: -1 }))) instanceof NotAllowed), "its own failure");
const approving = approve();
check((await refund({ order: "o-2", amount_cents: 9000 })) === "paid", "an approved one passes");
await approving;
const call = { action: "data.exported", actor: { type: "agent", id: "fin-ts" } };
const denied = await refused(gate.allow(call));
check(denied instanceof NotAllowed && denied.decision?.decision === "deny", "an agent may export");
const silent = await refused(new Gate("http://127.0.0.1:9", "x", 2000).allow(call));
check(silent instanceof NotAllowed && silent.escalate, "no answer was a permission");
check(paid.join() === "100,9000", `paid ${paid}`);
console.log("passed   the client in TypeScript");
