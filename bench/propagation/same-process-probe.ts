import { administered, administrator, workspace } from "../database/administered.js"
import { sourceAt } from "../database/place.js"
import { newcomer, questionAbout } from "../newcomer.js"

/** `same-process-probe FILE GRANTS`: grants on SQLite, and prints how long each write took, and how long after its answer it decided here. */
const [file = "", grants] = process.argv.slice(2)
const { pdp, administration } = await administered(sourceAt("sqlite", file))
const warmUps = Number(grants) / 5
const writeMs: number[] = []
const visibleMs: number[] = []
for (let at = -warmUps; at < Number(grants); at++) {
  const binding = newcomer(at, workspace)
  const question = questionAbout(binding)
  if (pdp.authorize(question).allowed) throw new Error(`${binding.principal} is allowed before the grant`)
  const calledAt = performance.now()
  const { revision } = await administration.members.create(administrator, workspace, { principal: binding.principal, roles: [binding.role] })
  const answeredAt = performance.now()
  if (!pdp.authorize(question).allowed) await pdp.atLeast(revision)
  if (!pdp.authorize(question).allowed) throw new Error(`${binding.principal} is denied at revision ${revision}`)
  if (at < 0) continue
  visibleMs.push(performance.now() - answeredAt)
  writeMs.push(answeredAt - calledAt)
}
process.stdout.write(JSON.stringify({ writeMs, visibleMs }))
process.exit(0)
