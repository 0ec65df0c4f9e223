import { Holding, type Workspace } from "./holding.js"

/** Everything that one principal holds: at most one {@link Holding} a workspace. A map from many workspaces on, so that finding one stays cheap. */
export type Held = Holding | Holding[] | Map<Workspace, Holding>

/** What is held in that workspace. */
export function holdingIn(held: Held, workspace: Workspace): Holding | undefined {
  if (held instanceof Holding) return held.workspace === workspace ? held : undefined
  if (held instanceof Map) return held.get(workspace)
  for (let at = 0; at < held.length; at++) {
    const holding = held[at]
    if (holding?.workspace === workspace) return holding
  }
  return undefined
}

/** The same with this holding, instead of another one in its workspace. May change what it is given. */
export function withHolding(held: Held | undefined, holding: Holding): Held {
  const { workspace } = holding
  if (!held) return holding
  if (held instanceof Holding) return held.workspace === workspace ? holding : [held, holding]
  if (held instanceof Map) return held.set(workspace, holding)
  const at = held.findIndex((one) => one.workspace === workspace)
  if (at >= 0) {
    held[at] = holding
    return held
  }
  // concat makes an array of the exact size; push would leave room for seventeen.
  const more = held.concat(holding)
  return more.length > mostInArray ? new Map(more.map((one) => [one.workspace, one])) : more
}

/** The same without anything in that workspace; `undefined` when nothing is left. May change what it is given. */
export function withoutHolding(held: Held, workspace: Workspace): Held | undefined {
  if (held instanceof Holding) return held.workspace === workspace ? undefined : held
  if (held instanceof Map) {
    held.delete(workspace)
    return held.size > mostInArray / 2 ? held : [...held.values()]
  }
  const left = held.filter((one) => one.workspace !== workspace)
  return left.length > 1 ? left : left[0]
}

/** Every holding in it. */
export function holdingsOf(held: Held): Iterable<Holding> {
  if (held instanceof Holding) return [held]
  return held instanceof Map ? held.values() : held
}

const mostInArray = 16
