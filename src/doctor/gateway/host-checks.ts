import { attemptsOn, findPassed, type Attempt } from "./closed.js"
import type { GatewayFinding } from "./gateway-finding.js"
import type { Probing } from "./probing.js"
import type { Stage } from "./stage.js"

/** Whatever host a request names: another virtual host is no way around. Where even the token gets nothing else by that name, nothing is behind it. */
export function checkHosts(probing: Probing, { guarded, allowed }: Stage): Promise<readonly GatewayFinding[]> {
  const { origin } = probing
  const ofHosts = hosts(origin).flatMap((host) =>
    attemptsOn(guarded, "hosts", () => [{ headers: [["Host", host]] }]).map((attempt): Attempt => ({
      ...attempt,
      ...(allowed !== undefined && { control: { as: ["token"], target: allowed, headers: [["Host", host]] } }),
    })),
  )
  const ofAuthorities = authorities.flatMap((authority) =>
    attemptsOn(guarded, "hosts", ({ path }) => [{ target: `${origin.protocol}//${authority}${path}` }]).map((attempt): Attempt => ({
      ...attempt,
      ...(allowed !== undefined && { control: { as: ["token"], target: `${origin.protocol}//${authority}${allowed}` } }),
    })),
  )
  return findPassed(probing, "hosts", "other hosts, and none", [...ofHosts, ...ofAuthorities])
}

const authorities = ["internal.example", "localhost"] as const

function hosts({ host, hostname, port, protocol }: URL): readonly string[] {
  const usual = protocol === "https:" ? "443" : "80"
  const own = port === "" ? usual : port
  const names = [
    "internal.example",
    "",
    "localhost",
    `localhost:${own}`,
    "127.0.0.1",
    "[::1]",
    hostname,
    `${hostname}:${usual}`,
    `${hostname}:${own}`,
  ]
  return [...new Set([...names, `${hostname}.`, `${hostname}.:${own}`])].filter((name) => name !== host)
}
