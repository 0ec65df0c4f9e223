import { z } from "zod"
import { parsedJson } from "../../model/parsed-json.js"
import { failed, passed } from "../finding.js"
import type { GatewayFinding } from "./gateway-finding.js"
import type { Probing } from "./probing.js"
import { said, type Question } from "./question.js"
import { valuesOf } from "./raw-answer.js"
import type { RawReply } from "./raw-client.js"

/** A refusal as a client gets it. */
export interface Refused {
  readonly question: Question
  readonly reply: RawReply
}

/** What refusals must say: who has a complaint finds the decision in the log, nobody keeps them, and who did not log in is told to (RFC 6750 section 3). */
export function checkAnswers(probing: Probing, refusals: readonly Refused[]): readonly GatewayFinding[] {
  const findings = refusals.flatMap(({ question, reply }) =>
    "lost" in reply
      ? []
      : lacks(reply.status, reply).map((lack) => failed("answers", `${said(question)}: the ${reply.status} has ${lack}`, probing.remedy("answers"))),
  )
  return findings.length > 0 || refusals.length === 0 ? findings : [passed("answers", "refusals name the decision, and are not to be stored")]
}

function lacks(status: number, reply: Exclude<RawReply, { readonly lost: unknown }>): readonly string[] {
  const isNamed = valuesOf(reply, "x-portcullis-decision-id").some((id) => id !== "") || Named.safeParse(parsedJson(reply.body)).success
  return [
    ...(isNamed ? [] : ["no decision id, neither in X-Portcullis-Decision-Id nor in its body"]),
    ...(valuesOf(reply, "cache-control").some((value) => /\bno-store\b/i.test(value)) ? [] : ["no Cache-Control: no-store"]),
    ...(status !== 401 || valuesOf(reply, "www-authenticate").length > 0 ? [] : ["no WWW-Authenticate"]),
  ]
}

const Named = z.object({ decision_id: z.string().min(1) })
