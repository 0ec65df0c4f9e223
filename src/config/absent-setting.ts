/** Settings of the reference that are none here, and what to know instead. */
const absent: ReadonlyMap<string, string> = new Map([["auth.enabled", "decisions are always made here; leave it out"]])

/** What to know about a setting that somebody may expect; `undefined` for any other. */
export function absentSetting(key: string): string | undefined {
  return absent.get(key)
}
