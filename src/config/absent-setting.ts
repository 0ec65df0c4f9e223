/** Settings of the reference that are none here, and what to know instead. */
const absent: ReadonlyMap<string, string> = new Map([
  ["auth.policy_decision_point_base_url", "decisions are made in this process; leave it out"],
  ["auth.policy_decision_point_provider", "decisions are made in this process; leave it out"],
  ["auth.port", "write the port into server.listen"],
])

/** What to know about a setting that somebody may expect; `undefined` for any other. */
export function absentSetting(key: string): string | undefined {
  return absent.get(key)
}
