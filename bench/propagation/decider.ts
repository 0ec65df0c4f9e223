import { createPdp } from "../../src/index.js"
import { authorizationData } from "../clone.js"
import { sourceAt } from "../database/place.js"
import { newcomer, questionAbout } from "../newcomer.js"
import { Watch, type Heard } from "./decider-messages.js"
import { monotonicMs } from "./monotonic.js"

/** `decider URL`: decides on a PostgreSQL that another process writes to, and tells its parent when a person whom it watches is allowed. */
const [url = ""] = process.argv.slice(2)
const pdp = await createPdp({ authorizationData, source: sourceAt("postgres", url) })
let watched: Watch | undefined
pdp.on("activation", () => {
  if (!watched || !isAllowed(watched)) return
  watched = undefined
  tell({ kind: "decided", atMs: monotonicMs() })
})
process.on("message", (message) => {
  watched = Watch.parse(message)
  if (isAllowed(watched)) throw new Error(`${watched.principal} is allowed before the grant`)
  tell({ kind: "watching" })
})
process.on("disconnect", () => process.exit(0))
tell({ kind: "ready" })

function isAllowed({ principal, workspace }: Watch): boolean {
  return pdp.authorize(questionAbout({ ...newcomer(0, workspace), principal })).allowed
}

function tell(heard: Heard): void {
  process.send?.(heard)
}
