import type { Server } from "node:http"

/**
 * Answers every request with what it saw, as JSON: `{ method, url, headers }`, where `headers` are pairs as they came, duplicates and cases kept.
 * A WebSocket is accepted; its first message says the same, and the others are what the client sends.
 */
export function makeUpstream(): Server
