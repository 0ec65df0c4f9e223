import type { Flaw } from "./flaw.js"
import { isLocalListen } from "./listen.js"
import { isOidcOn, oidcFlaws, oidcOddities } from "./oidc-flaws.js"
import type { Config } from "./schema.js"
import { listThisMachine, needsCertificate } from "./trusted-peers.js"

/** Values about who is asking that are right alone and wrong together. */
export function identityFlaws(config: Config): readonly Flaw[] {
  return [...oidcFlaws(config.auth.oidc), ...doorFlaws(config), ...certificateFlaws(config)]
}

/** What is allowed, and most likely not meant. */
export function identityOddities(config: Config): readonly Flaw[] {
  return [...oidcOddities(config.auth.oidc), ...doorOddities(config)]
}

/** Nobody else gets there, not even by way of a proxy. */
function isForThisMachine({ listen, insecure_behind_proxy }: Config["server"]): boolean {
  return isLocalListen(listen) && !insecure_behind_proxy
}

function doorFlaws({ auth, server }: Config): readonly Flaw[] {
  if (isForThisMachine(server)) return []
  const where = server.insecure_behind_proxy
    ? "while server.insecure_behind_proxy lets in whom a proxy lets in"
    : `while server.listen '${server.listen}' is reachable from other machines`
  const flaws: Flaw[] = []
  if (!server.insecure_behind_proxy && server.tls.cert_file === undefined && server.tls.key_file === undefined)
    flaws.push({
      key: "server.listen",
      problem:
        `'${server.listen}' is no loopback address, and tokens would travel unencrypted; set server.tls.cert_file and server.tls.key_file, ` +
        "or --insecure-behind-proxy when a proxy ends TLS, or listen on 127.0.0.1",
    })
  if (auth.allow_unsigned_jwt)
    flaws.push({
      key: "auth.allow_unsigned_jwt",
      problem: `is true ${where}: anybody could write a token; set it to false`,
    })
  if (!auth.enabled) flaws.push({ key: "auth.enabled", problem: `is false ${where}: tokens would not be looked at; set it to true` })
  return flaws
}

function certificateFlaws({ server, trusted_peers = [] }: Config): readonly Flaw[] {
  const { cert_file, key_file, client_ca_file } = server.tls
  const flaws: Flaw[] = []
  if (cert_file !== undefined && key_file === undefined)
    flaws.push({ key: "server.tls.cert_file", problem: "is set without server.tls.key_file; name the file of its key there" })
  if (key_file !== undefined && cert_file === undefined)
    flaws.push({ key: "server.tls.key_file", problem: "is set without server.tls.cert_file; name the file of the certificate there" })
  if (client_ca_file !== undefined && cert_file === undefined && key_file === undefined)
    flaws.push({
      key: "server.tls.client_ca_file",
      problem: "is set without server.tls.cert_file and server.tls.key_file; clients show certificates over TLS only",
    })
  if (server.listen.startsWith("unix:") && (cert_file ?? key_file ?? client_ca_file) !== undefined)
    flaws.push({
      key: "server.listen",
      problem: "is a UNIX domain socket, on which nobody speaks TLS, and server.tls is set; leave one of the two out",
    })
  if (server.insecure_behind_proxy && (cert_file ?? key_file ?? client_ca_file) !== undefined)
    flaws.push({ key: "server.insecure_behind_proxy", problem: "is true, and server.tls is set; leave one of the two out" })
  if (client_ca_file === undefined)
    for (const [index, entry] of trusted_peers.entries())
      if (needsCertificate(entry))
        flaws.push({ key: "trusted_peers", path: [index], problem: `'${entry}' needs server.tls.client_ca_file; name the file of the CA there` })
  return flaws
}

function doorOddities({ auth, server, trusted_peers, peer_secret_file }: Config): readonly Flaw[] {
  const oddities: Flaw[] = []
  if (server.insecure_behind_proxy && listThisMachine(trusted_peers ?? []))
    oddities.push({
      key: "trusted_peers",
      problem: "lists this machine, and server.insecure_behind_proxy is true: a proxy here lends its trust to everybody; list a peer secret instead",
    })
  if (!isForThisMachine(server) && !isOidcOn(auth.oidc) && (trusted_peers ?? []).length === 0 && peer_secret_file === undefined)
    oddities.push({
      key: "server.listen",
      problem: "is reachable from other machines, and none of them can say who asks; set auth.oidc.issuer, trusted_peers or peer_secret_file",
    })
  return oddities
}
