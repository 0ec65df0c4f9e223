import { describe, expect, it } from "vitest"
import type { RoleBinding } from "../../src/index.js"
import { numberIn, pdpOf, saysTrue } from "./case.js"
import { chosenSuites, type ProfileSuite } from "./profiles.js"
import type { Question, World } from "./question.js"
import { randomOf, type Random } from "./random.js"
import { renamedQuestion, renamedWorld } from "./rename.js"
import { reorderedObject, shuffled } from "./shuffle.js"

const seed = numberIn("DIFFERENTIAL_SEED", 20_261_124)
const worlds = 20
const questionsPerWorld = 250

describe.each(chosenSuites())("in the $profile profile", (suite) => {
  it("the order of bindings, groups, lists and keys is irrelevant", async () => {
    for (const { world, questions, random } of scenes(suite)) {
      const other = { ...world, document: reorderedObject(random, world.document), bindings: shuffled(random, world.bindings) }
      const asked = questions.map(({ entrypoint, input }) => ({ entrypoint, input: reorderedObject(random, input) }))
      expect(differing(world, questions, await answers(world, questions), await answers(other, asked))).toEqual([])
    }
  })

  it("a binding that is there twice changes nothing", async () => {
    for (const { world, questions } of scenes(suite)) {
      const other = { ...world, bindings: [...world.bindings, ...world.bindings] }
      expect(differing(world, questions, await answers(world, questions), await answers(other, questions))).toEqual([])
    }
  })

  it("other names for persons, groups and services change nothing", async () => {
    for (const { world, questions } of scenes(suite)) {
      const renamed = await answers(renamedWorld(world), questions.map(renamedQuestion))
      expect(differing(world, questions, await answers(world, questions), renamed)).toEqual([])
    }
  })

  it("more roles for persons, groups and everybody never remove access", async () => {
    for (const { world, questions, random } of scenes(suite)) {
      const more = moreBindings(random, world).filter(({ principal }) => !principal.startsWith("service:"))
      const before = await answers(world, questions)
      const after = await answers({ ...world, bindings: [...world.bindings, ...more] }, questions)
      const lost = before.map((allowed, index) => allowed && !after[index])
      expect(
        differing(
          world,
          questions,
          before,
          before.map((allowed, index) => allowed !== lost[index]),
        ),
      ).toEqual([])
    }
  })
})

describe("a service in the hardened profile", () => {
  const document = {
    version: 1,
    roles: { Viewer: { permissions: ["models.read"] }, Editor: { permissions: ["models.create"] }, ServiceSystem: { permissions: ["*"] } },
    endpoints: { "/workspaces/{workspace}/models": { post: { permissions: ["models.create"] } } },
  }
  const mayCreate = async (...bindings: readonly RoleBinding[]): Promise<boolean | undefined> => {
    const input = { principal_id: "service:indexer", principal_groups: ["ops"], method: "POST", path: "/workspaces/ml/models" }
    const world: World = { seed: 0, profile: "hardened", scopes: "strict", document, bindings }
    const [allowed] = await answers(world, [{ entrypoint: "allow", input }])
    return allowed
  }
  const viewer = { workspace: "ml", role: "Viewer" }

  it("is narrowed by its first binding in a workspace", async () => {
    expect(await mayCreate()).toBe(true)
    expect(await mayCreate({ principal: "service:indexer", ...viewer })).toBe(false)
  })

  it("gains with each binding after the first", async () => {
    const first = { principal: "service:indexer", ...viewer }
    expect(await mayCreate(first, { ...first, role: "Editor" })).toBe(true)
  })

  it("is not narrowed by a binding elsewhere, of everybody, or of its group", async () => {
    const elsewhere = { principal: "service:indexer", workspace: "research", role: "Viewer" }
    expect(await mayCreate(elsewhere, { principal: "*", ...viewer }, { principal: "group:ops", ...viewer })).toBe(true)
  })
})

interface Scene {
  readonly world: World
  readonly questions: readonly Question[]
  readonly random: Random
}

function* scenes({ world: worldOf, questions: questionsOf }: ProfileSuite): Generator<Scene> {
  for (let offset = 0; offset < worlds; offset++) {
    const world = worldOf(seed + offset)
    const random = randomOf(~world.seed)
    yield { world, questions: questionsOf(world, random, questionsPerWorld), random }
  }
}

async function answers(world: World, questions: readonly Question[]): Promise<readonly boolean[]> {
  const pdp = await pdpOf(world)
  const said = questions.map(({ entrypoint, input }) => saysTrue(entrypoint, pdp.evaluate(`authz/${entrypoint}`, input)))
  await pdp.close()
  return said
}

/** The questions with other answers, for the message of a failure. */
function differing(world: World, questions: readonly Question[], before: readonly boolean[], after: readonly boolean[]): readonly object[] {
  return questions.flatMap((question, index) =>
    before[index] === after[index] ? [] : [{ seed: world.seed, question, before: before[index], after: after[index] }],
  )
}

/** Other combinations of the principals, workspaces and roles that there are. */
function moreBindings(random: Random, { bindings }: World): readonly RoleBinding[] {
  return Array.from({ length: 15 }, () => ({
    principal: random.pick(bindings).principal,
    workspace: random.pick(bindings).workspace,
    role: random.pick(bindings).role,
  }))
}
