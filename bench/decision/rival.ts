import type { Question } from "../world.js"

/** Something else that decides the same questions. */
export interface Rival {
  readonly name: string
  /** Questions come from the list that the rival was made for. */
  decides(question: Question): boolean
}
