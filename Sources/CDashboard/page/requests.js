/** What a coordinator answers instead of what was asked for. `message` is for people. */
export class Refusal extends Error {
  constructor(status, message, hint) {
    super(hint ? `${message}\n${hint}` : message);
    this.status = status;
  }
}

/** Asks the coordinator, at a path that goes on from the page's own address; gives the answer's JSON, or null where it has none. Throws a `Refusal`. */
export async function ask(path, { method = "GET", body } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch {
    throw new Refusal(0, "The coordinator cannot be reached.");
  }
  const text = await response.text();
  const answer = parsed(text);
  if (!response.ok) {
    const error = answer?.error;
    throw new Refusal(response.status, error?.message ?? `The coordinator answered ${response.status}.`, error?.hint);
  }
  return answer;
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

export const runPath = (run) => `v1/runs/${encodeURIComponent(run)}`;
