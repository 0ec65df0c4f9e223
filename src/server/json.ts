import type { Refusal } from "../model/refusal.js"

/** A JSON answer of a route behind the framework. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  const text = JSON.stringify(body)
  return new Response(text, {
    status,
    headers: { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(text)), ...headers },
  })
}

/** The same for an error: `{"detail","code"}`, and what else there is to say. */
export function errorJson({ status, code, message, details, headers }: Refusal): Response {
  return json(status, { detail: message, code, ...details }, headers)
}
