// One signed POST to Team Board.

import { createHmac, timingSafeEqual } from "node:crypto";

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

/** Whether `given` is the signature of `body`; nothing is signed with no secret. */
export function isSigned(secret, stamp, body, given) {
  const wanted = Buffer.from(signature(secret, stamp, body));
  const found = Buffer.from(given ?? "");
  return Boolean(secret) && found.length === wanted.length && timingSafeEqual(found, wanted);
}

export class Delivery {
  onAnswer = null; // is given the text of each answer that the board has signed

  constructor({ url, secret, timeoutMs }) {
    Object.assign(this, { secret, timeoutMs });
    this.url = callbackUrl(url);
  }

  /** The status that the board answers with; raises when there is no answer. */
  async post(event) {
    const body = JSON.stringify(event);
    const stamp = String(Math.floor(Date.now() / 1000));
    const signed = signature(this.secret, stamp, body);
    const response = await fetch(this.url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(this.timeoutMs),
      headers: {
        "content-type": "application/json",
        "idempotency-key": event.id,
        "x-teamboard-timestamp": stamp,
        "x-teamboard-signature": signed,
      },
      body,
    });
    const text = await response.text().catch(() => "");
    if (isSigned(this.secret, "answer", `${signed}.${text}`, response.headers.get("x-teamboard-signature"))) this.onAnswer?.(text);
    return response.status;
  }
}
