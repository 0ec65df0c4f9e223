/** Names a client that may not use a grant as RFC 6749 section 5.2 does; `oidc-provider` says `invalid_request`. */
export async function nameUnauthorizedClients(context, next) {
  await next()
  const { error, error_description: description } = context.body ?? {}
  if (error === "invalid_request" && /not allowed for this client/.test(description))
    context.body = { error: "unauthorized_client", error_description: description }
}

/** Says how long a device is to wait between polls (RFC 8628 section 3.2); `oidc-provider` leaves it out. */
export function announceInterval(intervalSeconds) {
  return async (context, next) => {
    await next()
    if (context.body?.device_code) context.body = { ...context.body, interval: intervalSeconds }
  }
}

/** Answers `slow_down` to a device that asks again too soon (RFC 8628 section 3.5). @param isTooSoon asked with the milliseconds since the last poll */
export function slowDown(isTooSoon) {
  const polled = new Map()
  return async (context, next) => {
    await next()
    if (context.body?.error !== "authorization_pending") return
    const code = context.oidc.params.device_code
    const sincePoll = Date.now() - (polled.get(code) ?? 0)
    polled.set(code, Date.now())
    if (isTooSoon(sincePoll)) context.body = { error: "slow_down", error_description: "you are polling too quickly" }
  }
}
