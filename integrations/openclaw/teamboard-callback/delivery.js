// One signed POST to Team Board.

import { createHmac } from "node:crypto";

const PATH = "/api/v1/agents/callback";

/** The callback's address from Team Board's, which may already be the whole of it. */
export function callbackUrl(given) {
  const url = (given ?? "").replace(/\/+$/, "");
  if (!url) return "";
  return url.endsWith("/agents/callback") ? `${url}/` : `${url}${PATH}/`;
}

export function signature(secret, stamp, body) {
  return `sha256=${createHmac("sha256", secret).update(`${stamp}.${body}`).digest("hex")}`;
}

export class Delivery {
  constructor({ url, secret, timeoutMs }) {
    Object.assign(this, { secret, timeoutMs });
    this.url = callbackUrl(url);
  }

  /** The status that the board answers with; raises when there is no answer. */
  async post(event) {
    const body = JSON.stringify(event);
    const stamp = String(Math.floor(Date.now() / 1000));
    const response = await fetch(this.url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(this.timeoutMs),
      headers: {
        "content-type": "application/json",
        "idempotency-key": event.id,
        "x-teamboard-timestamp": stamp,
        "x-teamboard-signature": signature(this.secret, stamp, body),
      },
      body,
    });
    await response.arrayBuffer().catch(() => undefined);
    return response.status;
  }
}
