// Which of Team Board's runs a user turn was started for.

// Our message's first line, with what OpenClaw puts before it: nothing, the mark of a scheduled run
// (mapped hooks), or the notice around untrusted text (/hooks/agent). The same line anywhere else
// is somebody's text: it could name another run.
const MAPPED = String.raw`\[cron:[^\]\n]*\]\s`;
const WRAPPED =
  String.raw`(?:Job ID:[^\n]*\s+)?SECURITY NOTICE:(?:(?!<<<)[\s\S])*` +
  String.raw`<<<EXTERNAL_UNTRUSTED_CONTENT[^>]*>>>\n(?:(?!---\n)[^\n]*\n)*---\n`;
const RUN = String.raw`\[teamboard-run:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\][ \t]*(?:\n|$)`;
const OUR_LINE = new RegExp(`^(?:${MAPPED}|${WRAPPED})?${RUN}`);

const RESUMED = "[System] Your previous turn was interrupted";

export function namedRun(text) {
  return OUR_LINE.exec(text ?? "")?.[1] ?? null;
}

/** Whether OpenClaw itself began this turn, to go on after a crash. */
export function isResumed(text) {
  return (text ?? "").startsWith(RESUMED);
}

/** The text of an assistant's message, whose content is a string or a list of parts. */
export function textOf(message) {
  if (message?.role !== "assistant") return "";
  if (typeof message.content === "string") return message.content;
  return (message.content ?? [])
    .filter((part) => part?.type === "text" && typeof part.text === "string")
    .map((part) => part.text)
    .join("\n")
    .trim();
}
