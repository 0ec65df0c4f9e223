import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import {
  configReference,
  formatOrigin,
  loadConfig,
  parseListen,
  serverLimitsOf,
  type ConfigInputs,
  type LoadedConfig,
} from "../../../src/config/index.js"
import { PdpError } from "../../../src/errors.js"
import { ServerLimits } from "../../../src/server/index.js"

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-config-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

function load(yaml: string | undefined, inputs: Omit<Partial<ConfigInputs>, "file"> = {}): LoadedConfig {
  if (yaml !== undefined) writeFileSync(join(folder, "portcullis.yaml"), yaml)
  return loadConfig({ workingFolder: folder, ...inputs, ...(yaml !== undefined && { file: "portcullis.yaml" }) })
}

function problems(yaml: string | undefined, inputs: Omit<Partial<ConfigInputs>, "file"> = {}): string {
  try {
    load(yaml, inputs)
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(PdpError)
    expect(thrown).toMatchObject({ code: "ERR_CONFIG_INVALID" })
    return thrown instanceof Error ? thrown.message : ""
  }
  throw new Error("the configuration was accepted")
}

function originOf(loaded: LoadedConfig, key: string): string {
  const value = loaded.values.find(({ setting }) => setting.key === key)
  return value ? formatOrigin(value.origin) : "no such key"
}

describe("defaults", () => {
  it("are a hardened sidecar on loopback", () => {
    const { config } = load(undefined)
    expect(config).toMatchObject({
      profile: "hardened",
      data: [],
      auth: { policy_data_refresh_interval: 30, bundle_cache_seconds: 5, scopes: "strict" },
      server: { listen: "127.0.0.1:8181", allowed_hosts: [], allowed_origins: [] },
      cache: { enabled: false },
    })
    expect(config.store.source).toBeUndefined()
  })

  it("give the server its own limits", () => {
    expect(serverLimitsOf(load(undefined).config)).toEqual(ServerLimits.parse({}))
    expect(serverLimitsOf(load("server: { limits: { body_bytes: 2048 } }").config).bodyBytes).toBe(2048)
  })

  it("serve an empty file and empty groups", () => {
    expect(load("").config).toEqual(load(undefined).config)
    expect(load("server:\nauth: {}\nprofile:\n").config).toEqual(load(undefined).config)
  })
})

describe("layers", () => {
  it("let the environment override the file, and flags override both", () => {
    const yaml = "profile: nemo\nlog: { level: debug }\nauth:\n  bundle_cache_seconds: 7\n"
    const environment = { PORTCULLIS_PROFILE: "hardened", PORTCULLIS_LOG__LEVEL: "warn" }
    const flags = new Map([["log.level", { value: "error", flag: "--log-level" }]])
    const loaded = load(yaml, { environment, flags })
    expect(loaded.config).toMatchObject({ profile: "hardened", log: { level: "error" }, auth: { bundle_cache_seconds: 7, scopes: "strict" } })
    expect(["profile", "log.level", "auth.bundle_cache_seconds", "auth.scopes"].map((key) => originOf(loaded, key))).toEqual([
      "env PORTCULLIS_PROFILE",
      "flag --log-level",
      "portcullis.yaml:4",
      "default",
    ])
  })

  it("take the file's name from PORTCULLIS_CONFIG, unless a flag names another", () => {
    writeFileSync(join(folder, "a.yaml"), "profile: nemo")
    writeFileSync(join(folder, "b.yaml"), "log: { level: warn }")
    const environment = { PORTCULLIS_CONFIG: join(folder, "a.yaml") }
    expect(loadConfig({ workingFolder: folder, environment }).config.profile).toBe("nemo")
    expect(loadConfig({ workingFolder: folder, environment, file: "b.yaml" }).config).toMatchObject({ profile: "hardened", log: { level: "warn" } })
  })

  it("take the names of the reference as aliases, weaker than our own", () => {
    const alias = { NMP_AUTH_BUNDLE_CACHE_SECONDS: "9" }
    expect(load(undefined, { environment: alias }).config.auth.bundle_cache_seconds).toBe(9)
    const both = { PORTCULLIS_AUTH__BUNDLE_CACHE_SECONDS: "3", ...alias }
    expect(load(undefined, { environment: both }).config.auth.bundle_cache_seconds).toBe(3)
  })

  it("warn about variables of the reference that are not known", () => {
    const { warnings } = load(undefined, { environment: { NMP_AUTH_ADMIN_COLOUR: "red" } })
    expect(warnings).toEqual([expect.stringContaining("NMP_AUTH_ADMIN_COLOUR")])
  })

  it("read lists, numbers and booleans from variables, and nothing from empty ones", () => {
    const environment = {
      PORTCULLIS_SERVER__ALLOWED_HOSTS: "pdp.internal, pdp.example:8181",
      PORTCULLIS_CACHE__ENABLED: "true",
      PORTCULLIS_AUTH__POLICY_DATA_REFRESH_INTERVAL: "0.5",
      PORTCULLIS_PROFILE: "",
    }
    expect(load(undefined, { environment }).config).toMatchObject({
      profile: "hardened",
      server: { allowed_hosts: ["pdp.internal", "pdp.example:8181"] },
      cache: { enabled: true },
      auth: { policy_data_refresh_interval: 0.5 },
    })
  })

  it("ignore the variables that Kubernetes sets beside a Service named portcullis", () => {
    const environment = { PORTCULLIS_SERVICE_HOST: "10.0.0.1", PORTCULLIS_PORT: "tcp://10.0.0.1:8181", PORTCULLIS_PORT_8181_TCP_PORT: "8181" }
    expect(load(undefined, { environment }).config.profile).toBe("hardened")
  })
})

describe("paths", () => {
  it("are relative to the file that names them", () => {
    const { config } = load("data: [a.yaml, /etc/b.yaml]\nstore: { path: bindings.yaml }")
    expect(config.data).toEqual([join(folder, "a.yaml"), "/etc/b.yaml"])
    expect(config.store.path).toBe(join(folder, "bindings.yaml"))
  })

  it("are relative to the working folder when a variable or flag names them", () => {
    const flags = new Map([["data", { value: ["x.yaml"], flag: "--data" }]])
    const { config } = load("data: [a.yaml]", { workingFolder: folder, flags, environment: { PORTCULLIS_STORE__PATH: "b.yaml" } })
    expect(config.data).toEqual([join(folder, "x.yaml")])
    expect(config.store.path).toBe(join(folder, "b.yaml"))
  })
})

describe("problems", () => {
  it("are named all at once, with line, value and remedy", () => {
    const text = problems("profile: loose\nserver:\n  lisen: 127.0.0.1:1\nauth:\n  bundle_cache_seconds: soon\n", {
      environment: { PORTCULLIS_PROFIL: "x" },
    })
    expect(text).toContain('portcullis.yaml:1: profile "loose"')
    expect(text).toContain("hardened | nemo")
    expect(text).toContain("portcullis.yaml:3: unknown key 'server.lisen'; did you mean 'server.listen'?")
    expect(text).toContain('portcullis.yaml:5: auth.bundle_cache_seconds "soon"')
    expect(text).toContain("PORTCULLIS_PROFIL is no setting; did you mean PORTCULLIS_PROFILE?")
  })

  it("name where a key that stands in the wrong place belongs", () => {
    expect(problems("bundle_cache_seconds: 3")).toContain("did you mean 'auth.bundle_cache_seconds'?")
  })

  it("name keys that stand twice, broken YAML, and a group that is no map", () => {
    expect(problems("profile: nemo\nprofile: nemo")).toContain("portcullis.yaml:2")
    expect(problems("a: [")).toContain("portcullis.yaml:1: not YAML")
    expect(problems("server: 8181")).toContain("server must hold keys")
    expect(problems("- profile")).toContain("the file must hold keys")
  })

  it("say what is meant in words, and what an address takes", () => {
    expect(problems("server: { listen: loopback }")).toMatch(/server\.listen "loopback": is not HOST:PORT, .*; it takes: HOST:PORT \| unix:\/PATH$/)
    expect(problems('auth: { admin_email: "", bundle_cache_seconds: -1 }')).toMatch(
      /auth\.admin_email "": is empty; it takes: text\n.*bundle_cache_seconds -1: is less than 0; it takes/,
    )
    expect(problems("auth: { bundle_cache_seconds: 1000000 }")).toContain("is more than 86400")
    expect(problems(`auth: { default_workspace: ${"a".repeat(64)} }`)).toContain("has more than 63 characters")
  })

  it("say what to know about settings of the reference that are none here", () => {
    expect(problems("auth: { port: 8000 }")).toMatch(/unknown key 'auth\.port': write the port into server\.listen$/)
    expect(problems("", { environment: { PORTCULLIS_AUTH__PORT: "8000" } })).toContain("write the port into server.listen")
    expect(load(undefined, { environment: { NMP_AUTH_POLICY_DECISION_POINT_PROVIDER: "opa" } }).warnings).toEqual([
      expect.stringContaining("decisions are made in this process"),
    ])
  })

  it("propose a key only when it is near", () => {
    expect(problems("auth: { level: debug, colour: x }")).not.toContain("did you mean")
  })

  it("refuse hostile keys without harm", () => {
    expect(problems("__proto__: { profile: nemo }")).toContain("unknown key '__proto__'")
    expect(problems("auth: { oidc: { __proto__: {} } }")).toContain("unknown key 'auth.oidc.__proto__'")
    expect(problems("server: { constructor: 1 }")).toContain("unknown key 'server.constructor'")
  })

  it("name a file that cannot be read", () => {
    expect(() => loadConfig({ workingFolder: folder, file: "absent.yaml" })).toThrow(/absent\.yaml/)
  })

  it("include values that contradict each other", () => {
    expect(problems("store: { source: file }")).toContain("portcullis.yaml:1: store.source")
    expect(problems("store: { source: memory, path: a.yaml }")).toContain("store.path")
  })
})

describe("server.listen", () => {
  it.each(["8181", "127.0.0.1", "127.0.0.1:99999", ":8181", "127.0.0.1:http"])("refuses %s, which is no HOST:PORT", (listen) => {
    expect(problems(`server: { listen: "${listen}" }`)).toContain("server.listen")
  })

  it.each([
    ["127.0.0.1:0", "127.0.0.1", 0],
    ["localhost:8181", "localhost", 8181],
    ["[::1]:65535", "::1", 65_535],
  ])("takes %s", (listen, host, port) => {
    expect(parseListen(load(`server: { listen: "${listen}" }`).config.server.listen)).toEqual({ host, port })
  })
})

it("the reference page names every key with its default", () => {
  const page = configReference()
  expect(page).toContain("| `server.listen` | HOST:PORT \\| unix:/PATH | `127.0.0.1:8181` |")
  expect(page).toContain("| `auth.scopes` | strict \\| lenient \\| off | `strict` |")
  expect(page).toContain("`server.limits.body_bytes`")
})
