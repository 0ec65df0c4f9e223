import { describe, expect, it } from "vitest"
import { httpGatewayNames } from "../../src/gateway/index.js"
import { gatewayWorld } from "../fixtures/gateway-world.js"

describe.each(httpGatewayNames)("%s", (gateway) => {
  it("lets whom the policy allows pass, with every identity header", async () => {
    const { ask, bearer } = await gatewayWorld()
    const answer = await ask(gateway, { headers: [await bearer("ann@example.com")] })
    expect(answer.status).toBe(gateway === "nginx" ? 204 : 200)
    console.log(answer)
    console.log(await ask(gateway, {}))
    console.log(await ask(gateway, { method: "DELETE", headers: [await bearer("ann@example.com")] }))
  })
})
