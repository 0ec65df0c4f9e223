import { it } from "vitest"
import { startTestIdp } from "../fixtures/idp.js"
import { believing, nemoSidecar, newNemo } from "../fixtures/nemo.js"
it("x", async () => {
  const idp = await startTestIdp({ scopePrefix: "api://portcullis/", accessTokenSeconds: 200 })
  const url = await nemoSidecar("hardened", { ...believing(idp), PORTCULLIS_AUTH__OIDC__SCOPE_PREFIX: "api://portcullis" })
  const nemo = newNemo()
  const show = async (...a: string[]) => { const t = Date.now(); const r = await nemo(...a); console.log(a.join(" "), Date.now() - t, r.code, "\n" + r.out + "\n--err\n" + r.err) ; return r }
  console.log(await (await fetch(url + "/apis/auth/discovery")).text())
  const d = nemo("auth", "login", "--no-browser", "--base-url", url)
  const [, , code] = await d.printed(/Visit: (\S+)[^]*Enter code: (\S+)/)
  await idp.approve(code ?? "", "ann@example.com")
  console.log(await d)
  await show("auth", "status")
  await show("workspaces", "create", "ml-team")
  await show("workspaces", "members", "create", "--workspace", "ml-team", "--principal", "ben@example.com", "--roles", "Viewer")
  const e = nemo("auth", "login", "--no-browser")
  const [, , code2] = await e.printed(/Visit: (\S+)[^]*Enter code: (\S+)/)
  await idp.approve(code2 ?? "", "ann@example.com", { deny: true })
  console.log(await e)
  idp.configure({ jwks: "error", metadata: "error", narrow: ["api://portcullis/platform:read"] })
  await show("auth", "login", "--username", "ann@example.com", "--password", "ann@example.com")
  const other = await nemoSidecar("hardened", { ...believing(idp), PORTCULLIS_AUTH__OIDC__SCOPE_PREFIX: "api://portcullis/" })
  await show("config", "set", "--base-url", other)
  await show("workspaces", "get", "ml-team")
  await show("auth", "login", "--username", "ann@example.com", "--password", "ann@example.com")
})
