/**
 * Asks hindcast's gate before a tool is called. One file without dependencies, for Node 18, Deno, Bun and workers.
 *
 *     const gate = new Gate("https://hindcast.example", token);
 *     const refund = gate.tool("order.refund", { type: "agent", id: "fin" }, payBack, {
 *       targets: (a) => [{ type: "order", id: a.order }],
 *     });
 *
 * A call that is not allowed throws NotAllowed, and so does a gate that cannot be reached: no answer is no permission.
 */

export type Party = { type: string; id: string; name?: string; email?: string };
export type Call = {
  action: string;
  actor: Party;
  on_behalf_of?: Party;
  targets?: { type: string; id: string; name?: string }[];
  reason?: string;
  metadata?: Record<string, unknown>;
};
export type Approval = { id: string; state: string; expires_at: string; missing: number };
export type Decision = {
  decision: "allow" | "deny" | "needs_approval" | "unknown";
  allowed: boolean;
  escalate: boolean;
  decision_id: string;
  determining: { policy: string; reason: string | null }[];
  missing: string[];
  refusal: string | null;
  approval: Approval | null;
};
export type Outcome = "success" | { result: "success" | "failure"; reason?: string };

/** The call must not be made. `decision` is the gate's answer; null when there was none. */
export class NotAllowed extends Error {
  constructor(why: string, readonly decision: Decision | null = null) {
    super(why);
    this.name = "NotAllowed";
  }

  /** Whether a person has to take over. */
  get escalate(): boolean {
    return this.decision?.escalate ?? true;
  }
}

/** A gate: its address, a token with the scopes `decide` and, to report what was done, `ingest`. */
export class Gate {
  private readonly url: string;

  constructor(url: string, private readonly token: string, private readonly timeoutMs = 10_000) {
    this.url = url.replace(/\/+$/, "");
  }

  /** Asks once; `call` is the event that the call would be. Sent again under one key it gets one answer. */
  decide(call: Call, approval?: string, key: string = crypto.randomUUID()): Promise<Decision> {
    const path = "/v1/decide" + (approval ? `?approval=${encodeURIComponent(approval)}` : "");
    return this.send<Decision>("POST", path, call, { "Idempotency-Key": key });
  }

  /** The decision that allows the call, after waiting so many seconds for people; throws NotAllowed otherwise. */
  async allow(call: Call, waitSeconds = 0): Promise<Decision> {
    let decision = await this.decide(call);
    const until = Date.now() + waitSeconds * 1000;
    while (decision.decision === "needs_approval" && decision.approval && Date.now() < until) {
      const { id } = decision.approval;
      const seconds = Math.max(1, Math.min(60, Math.floor((until - Date.now()) / 1000)));
      const approval = await this.send<Approval>("GET", `/v1/approvals/${id}?wait=${seconds}`, undefined, {}, seconds * 1000);
      if (approval.state !== "pending") {
        decision = await this.decide(call, id);
        break;
      }
    }
    if (decision.allowed !== true) {
      const reasons = decision.determining.map((one) => one.reason ?? one.policy).join("; ");
      throw new NotAllowed(`${decision.decision}: ${decision.refusal ?? (reasons || "nothing permits it")}`, decision);
    }
    return decision;
  }

  /** Tells the log what was done after it was allowed, and how it went. */
  report(call: Call, decision: Decision, outcome: Outcome = "success"): Promise<unknown> {
    return this.send("POST", "/v1/events", { ...call, outcome, authorized_by: { decision: decision.decision_id } });
  }

  /** Guards a function of named arguments, which are `metadata.arguments`; what became of it is reported. */
  tool<A extends Record<string, unknown>, R>(
    action: string,
    actor: Party,
    run: (args: A) => R | Promise<R>,
    more: { targets?: (args: A) => Call["targets"]; waitSeconds?: number; metadata?: Record<string, unknown> } = {},
  ): (args: A) => Promise<R> {
    return async (args) => {
      const targets = more.targets?.(args) ?? [];
      const call: Call = { action, actor, targets, metadata: { ...more.metadata, arguments: args } };
      const decision = await this.allow(call, more.waitSeconds);
      let result: R;
      try {
        result = await run(args);
      } catch (error) {
        await this.report(call, decision, { result: "failure", reason: String(error).slice(0, 500) });
        throw error;
      }
      await this.report(call, decision);
      return result;
    };
  }

  private async send<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}, longerMs = 0): Promise<T> {
    try {
      const answer = await fetch(this.url + path, {
        method,
        headers: { Authorization: `Bearer ${this.token}`, "Content-Type": "application/json", ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(this.timeoutMs + longerMs),
      });
      if (!answer.ok) throw new NotAllowed(`the gate answered ${answer.status}: ${(await answer.text()).slice(0, 2000)}`);
      return (await answer.json()) as T;
    } catch (error) {
      throw error instanceof NotAllowed ? error : new NotAllowed(`the gate cannot be asked: ${error}`);
    }
  }
}
