import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { administered, administrator, workspace } from "../database/administered.js"
import { sourceAt } from "../database/place.js"
import { newcomer } from "../newcomer.js"
import { Heard, type Watch } from "./decider-messages.js"
import { monotonicMs } from "./monotonic.js"

/** `other-process-probe URL GRANTS`: grants on PostgreSQL, and prints how long each write took, and how long after its answer it decided in another process. */
const [url = "", grants] = process.argv.slice(2)
const { administration } = await administered(sourceAt("postgres", url))
const decider = fork(fileURLToPath(new URL("./decider.js", import.meta.url)), [url], { stdio: ["ignore", "ignore", "inherit", "ipc"] })
decider.once("exit", (code) => {
  throw new Error(`the decider ended with ${code}`)
})
await heard("ready")
const warmUps = Number(grants) / 5
const writeMs: number[] = []
const visibleMs: number[] = []
for (let at = -warmUps; at < Number(grants); at++) {
  const { principal, role } = newcomer(at, workspace)
  const watch: Watch = { principal, workspace }
  const watching = heard("watching")
  decider.send(watch)
  await watching
  const decided = heard("decided")
  const calledAt = monotonicMs()
  await administration.members.create(administrator, workspace, { principal, roles: [role] })
  const answeredAt = monotonicMs()
  const decidedAt = await decided
  if (decidedAt < calledAt || decidedAt > monotonicMs()) throw new Error("the two processes do not share a clock here")
  if (at < 0) continue
  visibleMs.push(Math.max(0, decidedAt - answeredAt))
  writeMs.push(answeredAt - calledAt)
}
process.stdout.write(JSON.stringify({ writeMs, visibleMs }))
process.exit(0)

/** Waits for the decider's next message, which must be of that kind. @returns when it decided */
async function heard(kind: Heard["kind"]): Promise<number> {
  const [message] = await once(decider, "message")
  const news = Heard.parse(message)
  if (news.kind !== kind) throw new Error(`the decider says ${news.kind} instead of ${kind}`)
  return news.kind === "decided" ? news.atMs : 0
}
