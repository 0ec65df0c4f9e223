import type { GatewayKind } from "./gateway-kind.js"

/** What may be wrong with a gateway. */
export type Topic =
  | "protect"
  | "strip"
  | "copy"
  | "underscores"
  | "dots"
  | "hopByHop"
  | "credentials"
  | "path"
  | "method"
  | "trustForward"
  | "overrides"
  | "upgrade"
  | "tunnel"
  | "long"
  | "tooMany"
  | "failClosed"
  | "answers"
  | "limits"
  | "silence"
  | "untold"
  | "hosts"
  | "clientAddress"
  | "probes"
  | "preflight"

/** What to do about it: for the kind of gateway where that is known, and there is something to say of it; else for any. */
export function remedyFor(topic: Topic, kind: GatewayKind | undefined, headerPrefix: string): string {
  const remedies = remediesByTopic[topic]
  const text = (kind && remedies[kind]) ?? remedies.any
  const example = kind === undefined || isOfAny(topic) ? "" : `; see examples/gateways/${examples[kind]}`
  return `${text.replaceAll("X-NMP-", headerPrefix)}${example}`
}

/** Nothing that a configuration shows. */
function isOfAny(topic: Topic): boolean {
  return ["limits", "silence", "untold"].includes(topic)
}

const examples = { nginx: "nginx", traefik: "traefik", caddy: "caddy", envoy: "envoy-http" } as const

type Remedies = Readonly<Partial<Record<GatewayKind, string>> & { readonly any: string }>

const remediesByTopic: Readonly<Record<Topic, Remedies>> = {
  protect: {
    nginx:
      "put auth_request at the level of the server, and look for the location that says 'auth_request off' or 'satisfy any'; limit_except is no protection",
    traefik:
      "put the ForwardAuth middleware on every router that leads to the service; a router with a longer rule wins, and has its own middlewares",
    caddy:
      "put forward_auth before reverse_proxy, in every handle and route that leads to the service, without a matcher that leaves methods or paths out",
    envoy:
      "take 'disabled: true' of ext_authz out of typed_per_filter_config, let filter_enabled be absent, and keep the filter last before the router",
    any: "ask the sidecar about every request to the service, whatever its path, method and headers; and look whether gateway.shadow is on",
  },
  strip: {
    nginx:
      "set every X-NMP- and X-Portcullis- header with proxy_set_header to what auth_request_set kept; a location with a proxy_set_header of its own inherits none",
    traefik: "list every X-NMP- and X-Portcullis- header in authResponseHeaders, or all by authResponseHeadersRegex, so that a client's are deleted",
    caddy: "delete the client's with 'request_header -X-NMP-*' and 'request_header -X-Portcullis-*' before forward_auth",
    envoy:
      "remove the client's X-NMP- and X-Portcullis- headers before ext_authz (early_header_mutation_extensions), and list the sidecar's in allowed_upstream_headers",
    any: "remove every X-NMP- and X-Portcullis- header of the client before the sidecar's are set",
  },
  copy: {
    nginx:
      "keep each header of the sidecar's answer with auth_request_set, and pass it on with proxy_set_header in the same location or above all of them",
    traefik: "list the headers in authResponseHeaders of the ForwardAuth middleware",
    caddy: "list the headers in copy_headers of forward_auth",
    envoy: "list the headers in authorization_response.allowed_upstream_headers of ext_authz",
    any: "pass the X-NMP- and X-Portcullis- headers of the sidecar's answer on to the service",
  },
  underscores: {
    nginx: "set 'underscores_in_headers off' and 'ignore_invalid_headers on', which are the defaults",
    traefik: "remove headers with underscores before the service sees them: it may take X_NMP_Principal_Id for X-NMP-Principal-Id",
    caddy: "delete them with 'request_header -*_*': a service may take X_NMP_Principal_Id, or X-NMP-Principal_Id, for X-NMP-Principal-Id",
    envoy: "set headers_with_underscores_action: REJECT_REQUEST in common_http_protocol_options",
    any: "refuse or drop headers with underscores: a service may take X_NMP_Principal_Id for X-NMP-Principal-Id",
  },
  dots: {
    nginx: "set 'ignore_invalid_headers on', which is the default",
    any: "remove every header with a dot in the place of a hyphen, X.NMP.Principal.Id and X-NMP-Principal.Id: some servers take a dot for an underscore, and that for a hyphen",
  },
  hopByHop: {
    nginx: "set Connection yourself with proxy_set_header, and do not pass the client's on",
    traefik: "use a Traefik that ignores X- headers named in Connection (2.11.9, 3.1.3 or newer), and remove the client's Connection header",
    caddy: "delete the client's with 'request_header -Connection' before forward_auth",
    any: "drop the client's Connection header before the headers of the sidecar are set, so that it cannot have them removed",
  },
  credentials: { any: "refuse requests with two Authorization headers, or let the sidecar see both: it refuses them" },
  path: {
    nginx:
      "send 'X-Original-URI $request_uri' and not $uri; write proxy_pass without a path; protect by server and not by location; set merge_slashes off",
    traefik: "protect by host and not by path, and let no middleware change the path between ForwardAuth and the service",
    caddy: "let no rewrite, handle_path or uri stand before forward_auth, and protect by host and not by path",
    envoy: "let the route that ext_authz protects be the last for all paths ('prefix: /'), without regex_rewrite or prefix_rewrite before it",
    any: "let the sidecar judge the bytes of the path that the service gets, undecoded, and protect everything but a few exact paths",
  },
  method: {
    nginx: "send 'X-Original-Method $request_method', in the location that auth_request asks",
    traefik: "let Traefik itself say X-Forwarded-Method (trustForwardHeader: false)",
    caddy: "use forward_auth, which sends X-Forwarded-Method, and set no header of that name yourself",
    envoy: "let ext_authz pass on the method, and let no filter before it change :method",
    any: "let the sidecar judge the method of the request line, and no header of the client",
  },
  trustForward: {
    nginx: "set X-Original-URI and X-Original-Method with proxy_set_header in the location that auth_request asks",
    traefik: "set trustForwardHeader: false in ForwardAuth, and list no clients in forwardedHeaders.trustedIPs or insecure",
    caddy: "list no clients in trusted_proxies, and let forward_auth set X-Forwarded-Uri and X-Forwarded-Method",
    envoy:
      "let the sidecar see the request line alone: no X-Original-, X-Rewrite- or X-Envoy-Original- header in allowed_headers, no filter that believes them",
    any: "overwrite the headers by which the sidecar is told path and method; believe none of a client's",
  },
  overrides: {
    nginx: "clear it with proxy_set_header and an empty value",
    traefik: "clear it with the headers middleware (customRequestHeaders, an empty value)",
    caddy: "delete it with request_header",
    envoy: "remove it with request_headers_to_remove",
    any: "remove it: some frameworks take it for the request's path or method, which nobody judged",
  },
  upgrade: {
    nginx: "put auth_request on the location of WebSockets, too",
    envoy: "give upgrade_configs no filters of their own, or ext_authz among them",
    any: "let the sidecar judge upgrades like any GET",
  },
  tunnel: {
    nginx: "pass on 'Upgrade: websocket' alone, with a map on $http_upgrade",
    envoy: "list websocket alone in upgrade_configs",
    any: "pass on upgrades to WebSocket alone: behind h2c come requests that nobody judges",
  },
  long: {
    nginx:
      "let large_client_header_buffers be less than what the sidecar reads (32 KiB), and remove the error_page that lets a failed auth_request pass",
    any: "let the gateway refuse what is longer than the 32 KiB of headers that the sidecar reads, and let nothing pass when it refuses",
  },
  tooMany: {
    traefik: "leave authRequestHeaders out of ForwardAuth, so that the sidecar sees, and refuses, more than 300 headers",
    any: "let the sidecar see all headers of the client, of which it refuses more than 300, or let the gateway take fewer: a service does not see what it does not read, and Node reads 1,000",
  },
  failClosed: {
    nginx: "remove the error_page for 500, 502, 503 and 504 that leads to the service, and any cache of auth_request's answers",
    traefik: "let no failover service or errors middleware lead around ForwardAuth",
    caddy: "remove the handle_errors that leads to the service, and the route without forward_auth",
    envoy: "set failure_mode_allow: false",
    any: "let nothing pass when the sidecar does not answer",
  },
  limits: { any: "lift the rate limit for this machine, and ask again: what was not judged proves nothing" },
  silence: { any: "look into the gateway's log what became of it, or allow more time with --timeout: what was not judged proves nothing" },
  untold: {
    any: "look into the gateway's log whether the service was asked. If it was, it was asked by somebody who may not: let the sidecar judge such requests, too. If the gateway itself answers so, let it refuse with 403, or ask the sidecar first",
  },
  hosts: {
    nginx: "put auth_request into every server that leads to the service, the default one and those for other names included",
    traefik: "put the ForwardAuth middleware on the routers of every host that lead to the service",
    caddy: "put forward_auth into every site that leads to the service, whatever its address is",
    envoy: "let no virtual host disable ext_authz, and let filter chains for other names have it, too",
    any: "ask the sidecar about every request to the service, whatever host it names",
  },
  clientAddress: {
    nginx: "take 'satisfy any' and 'allow' away, and let set_real_ip_from list proxies of your own alone",
    traefik: "let no router with ClientIP pass by ForwardAuth, and list proxies of your own alone in forwardedHeaders.trustedIPs",
    caddy: "let no matcher of client_ip or remote_ip lead around forward_auth, and list proxies of your own alone in trusted_proxies",
    envoy: "let no rule on the client's address disable ext_authz, and keep use_remote_address: true",
    any: "let nobody pass for where he says that he comes from",
  },
  probes: { any: "let nobody pass for the User-Agent of a health check: open one fixed path to it, such as /health/live" },
  preflight: { any: "if it is not meant: take the rule away that lets CORS preflights pass, gateway.allow_cors_preflight of the sidecar included" },
  answers: {
    nginx:
      "keep $upstream_http_x_portcullis_decision_id with auth_request_set, and name it in the page of 401 and 403, with Cache-Control: no-store and 'always'",
    envoy: "let allowed_client_headers be absent, so that the sidecar's answer goes to the client as it is",
    any: "give the sidecar's refusal to the client as it is, headers and body",
  },
}
