import type { Principal } from "../model/principal.js"

/** Who asks, and how that is known. */
export interface Caller {
  /** Its id is empty when nobody is named. */
  readonly principal: Principal
  readonly proof: "verified_token" | "principal_headers" | "unsigned_token" | "none"
  /** E-mails and groups that are left out, because they name something reserved or nothing that could be bound. */
  readonly dropped: readonly string[]
}
