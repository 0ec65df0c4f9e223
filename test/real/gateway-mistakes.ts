import type { GatewayKind } from "../fixtures/gateways.js"
import type { GatewayCheck } from "../../src/doctor/gateway/gateway-finding.js"

/** One replacement in a configuration. `UPSTREAM` stands for the address of the service. */
export interface Edit {
  /** Default: every file of the configuration. */
  readonly file?: string
  readonly from: string
  readonly to: string
}

/** What somebody did to the configuration that is shipped, and what the doctor must say. */
export interface Mistake {
  readonly mistake: string
  readonly edits: readonly Edit[]
  readonly check: GatewayCheck
  readonly says: RegExp
  /** It shows when the sidecar is away. */
  readonly outage?: true
}

const open = (name: string): Edit => ({
  from: "    location @undecided {",
  to: `    location ${name} { internal; auth_request off; proxy_pass http://service; }\n    location @undecided {`,
})
const when = (condition: string): Edit => ({
  from: "    merge_slashes off;",
  to: `    merge_slashes off;\n    error_page 418 = @open;\n    if (${condition}) { return 418; }`,
})

const nginx: readonly Mistake[] = [
  {
    mistake: "a location without auth_request",
    edits: [
      {
        from: "    location @undecided {",
        to: "    location /apis/models/ { auth_request off; proxy_pass http://service; }\n    location @undecided {",
      },
    ],
    check: "no token",
    says: /without a token: answered with 200/,
  },
  {
    mistake: "a location with a proxy_set_header of its own, which inherits none",
    edits: [{ from: "    location / {\n", to: "    location / {\n      proxy_set_header X-Place here;\n" }],
    check: "identity",
    says: /the upstream got x-nmp-principal-id: 'portcullis-doctor-/,
  },
  {
    mistake: "a header that is not overwritten",
    edits: [{ from: "    proxy_set_header X-NMP-Principal-Groups $portcullis_groups;\n", to: "" }],
    check: "identity",
    says: /the upstream got x-nmp-principal-groups: /,
  },
  {
    mistake: "a header that is not copied",
    edits: [{ from: "    proxy_set_header X-NMP-Principal-Id $portcullis_id;\n", to: "" }],
    check: "upstream",
    says: /no x-nmp-principal-id/,
  },
  {
    mistake: "underscores_in_headers on",
    edits: [{ from: "underscores_in_headers off", to: "underscores_in_headers on" }],
    check: "twins",
    says: /X_NMP_Principal_Id/,
  },
  {
    mistake: "an error_page that lets pass what nobody decided",
    edits: [{ from: "error_page 500 = @undecided;", to: "error_page 500 = @open;" }, open("@open")],
    check: "outage",
    says: /without the sidecar: answered with 200/,
    outage: true,
  },
  {
    mistake: "long headers that the sidecar refuses to read, and an error_page that lets them pass",
    edits: [
      { from: "error_page 500 = @undecided;", to: "error_page 500 = @open;" },
      { from: "large_client_header_buffers 3 8k", to: "large_client_header_buffers 8 128k" },
      open("@open"),
    ],
    check: "long requests",
    says: /X-Filler: .*65536 characters.*answered with 200/,
  },
  {
    mistake: "X-Original-URI $uri, a tidied path",
    edits: [
      { from: "X-Original-URI $request_uri", to: "X-Original-URI $judged_uri" },
      { from: "    location / {\n", to: "    location / {\n      set $judged_uri $uri;\n" },
    ],
    check: "paths",
    says: /the upstream got '\/apis\/models\/v2\/workspaces\/ml-team\/\.\/models'/,
  },
  {
    mistake: "X-Original-Method GET, whatever the method is",
    edits: [{ from: "X-Original-Method $request_method", to: "X-Original-Method GET" }],
    check: "methods",
    says: /PROPFIND .*ml-team.*: answered with 200/,
  },
  {
    mistake: "X-Original-URI of the client, where it sends one",
    edits: [
      { from: "X-Original-URI $request_uri", to: "X-Original-URI $judged_uri" },
      {
        from: "  map $http_upgrade $passed_upgrade {",
        to: "  map $http_x_original_uri $judged_uri { '' $request_uri; default $http_x_original_uri; }\n  map $http_upgrade $passed_upgrade {",
      },
    ],
    check: "routing",
    says: /X-Original-URI: \/apis.*answered with 200/,
  },
  {
    mistake: "a method of the client's X-HTTP-Method-Override",
    edits: [
      { from: "X-Original-Method $request_method", to: "X-Original-Method $judged_method" },
      {
        from: "  map $http_upgrade $passed_upgrade {",
        to: "  map $http_x_http_method_override $judged_method { '' $request_method; default $http_x_http_method_override; }\n  map $http_upgrade $passed_upgrade {",
      },
    ],
    check: "overrides",
    says: /X-HTTP-Method-Override: PROPFIND: answered with 403/,
  },
  {
    mistake: "upgrades that nobody decides",
    edits: [when('$http_upgrade != ""'), open("@open")],
    check: "upgrade",
    says: /Upgrade: websocket.*answered with 101/,
  },
  {
    mistake: "OPTIONS that nobody decides",
    edits: [when("$request_method = OPTIONS"), open("@open")],
    check: "methods",
    says: /OPTIONS .*answered with 200/,
  },
  {
    mistake: "asking about some locations only",
    edits: [{ from: "    location / {\n", to: "    location / { auth_request off; proxy_pass http://service; }\n    location /apis/ {\n" }],
    check: "paths",
    says: /GET \/\/apis.*answered with 200/,
  },
  {
    mistake: "answers of the sidecar that are kept, whoever asks",
    edits: [
      { from: "  upstream portcullis {", to: "  proxy_cache_path temp/cache keys_zone=decisions:1m;\n  upstream portcullis {" },
      {
        from: "      internal;\n      proxy_pass http://portcullis/gateway/nginx;",
        to: "      internal;\n      proxy_cache decisions;\n      proxy_cache_key $request_uri;\n      proxy_cache_valid 204 1m;\n      proxy_ignore_headers Cache-Control;\n      proxy_pass http://portcullis/gateway/nginx;",
      },
    ],
    check: "no token",
    says: /answered with 200/,
  },
  {
    mistake: "files that nobody decides",
    edits: [{ from: "    location / {\n", to: "    location ~* [.](css|js)$ { auth_request off; proxy_pass http://service; }\n    location / {\n" }],
    check: "paths",
    says: /GET \/apis.*\.css .*answered with 200/,
  },
  {
    mistake: "addresses of the inside, of which clients tell",
    edits: [
      {
        from: "    location / {\n",
        to: "    set_real_ip_from 0.0.0.0/0;\n    real_ip_header X-Forwarded-For;\n    location / {\n      satisfy any;\n      allow 10.0.0.0/8;\n      deny all;\n",
      },
    ],
    check: "client address",
    says: /X-Forwarded-For: 10.0.0.1: answered with 200/,
  },
  {
    mistake: "health checks that nobody decides",
    edits: [when("$http_user_agent ~ ^kube-probe"), open("@open")],
    check: "probes",
    says: /User-Agent: kube-probe\/1.30: answered with 200/,
  },
  {
    mistake: "passwords that nobody decides",
    edits: [when("$http_authorization ~ ^Basic"), open("@open")],
    check: "credentials",
    says: /Authorization: Basic .*answered with 200/,
  },
  {
    mistake: "POST that nobody decides",
    edits: [when("$request_method = POST"), open("@open")],
    check: "unsafe methods",
    says: /POST .*answered with 200/,
  },
  {
    mistake: "queries that nobody decides",
    edits: [when("$arg_debug"), open("@open")],
    check: "paths",
    says: /\?debug=1 .*answered with 200/,
  },
  {
    mistake: "OPTIONS that nobody decides, and that the service does not know",
    edits: [
      when("$request_method = OPTIONS"),
      { from: "    location @undecided {", to: "    location @open { internal; auth_request off; return 405; }\n    location @undecided {" },
    ],
    check: "methods",
    says: /requests were not judged: OPTIONS .*answered with 405/,
  },
  { mistake: "refusals that say nothing", edits: [{ from: "    error_page 403 = @denied;\n", to: "" }], check: "answers", says: /no decision id/ },
]

const disabled = "\n                          typed_per_filter_config: *open"
const serviceRoute =
  '                        - match: { safe_regex: { regex: "/[!-~]*" } }\n                          route: { cluster: service, timeout: 60s }'
const router = "[{ name: envoy.filters.http.router, typed_config: { '@type': type.googleapis.com/envoy.extensions.filters.http.router.v3.Router } }]"

const envoy: readonly Mistake[] = [
  {
    mistake: "ext_authz disabled for a route",
    edits: [{ from: serviceRoute, to: `${serviceRoute}${disabled}` }],
    check: "no token",
    says: /without a token: answered with 200/,
  },
  {
    mistake: "failure_mode_allow",
    edits: [{ from: "failure_mode_allow: false", to: "failure_mode_allow: true" }],
    check: "outage",
    says: /without the sidecar: answered with 200/,
    outage: true,
  },
  {
    mistake: "headers with underscores",
    edits: [
      { from: "DROP_HEADER", to: "ALLOW" },
      {
        from: "x([^-a-z0-9](nmp|portcullis)[^a-z0-9]|-(nmp|portcullis)(-.*)?[^-a-z0-9]).*",
        to: "x([^-_a-z0-9](nmp|portcullis)[^_a-z0-9]|-(nmp|portcullis)(-.*)?[^-_a-z0-9]).*",
      },
    ],
    check: "twins",
    says: /X_(?:NMP_Principal_Id|Portcullis_Decision)/,
  },
  {
    mistake: "OPTIONS that nobody decides",
    edits: [
      {
        from: serviceRoute,
        to: `                        - match: { prefix: /, headers: [{ name: ":method", string_match: { exact: OPTIONS } }] }\n                          route: { cluster: service }${disabled}\n${serviceRoute}`,
      },
    ],
    check: "methods",
    says: /OPTIONS .*answered with 200/,
  },
  {
    mistake: "an open prefix of the service",
    edits: [
      {
        from: serviceRoute,
        to: `                        - match: { prefix: /health/ }\n                          route: { cluster: service }${disabled}\n${serviceRoute}`,
      },
    ],
    check: "paths",
    says: /GET \/health\/live\/%2e%2e\/%2e%2e\/apis.*answered with 200/,
  },
  {
    mistake: "asking about some paths only",
    edits: [
      {
        from: serviceRoute,
        to: `                        - match: { prefix: /apis/ }\n                          route: { cluster: service }\n${serviceRoute}${disabled}`,
      },
    ],
    check: "paths",
    says: /GET \/\/apis.*answered with 200/,
  },
  {
    mistake: "a virtual host without ext_authz",
    edits: [
      {
        from: "                    - name: everything\n",
        to: `                    - name: internal\n                      domains: ["internal.example"]\n                      typed_per_filter_config: { envoy.filters.http.ext_authz: { '@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute, disabled: true } }\n                      routes: [{ match: { prefix: / }, route: { cluster: service } }]\n                    - name: everything\n`,
      },
    ],
    check: "hosts",
    says: /Host: internal.example: answered with 200/,
  },
  {
    mistake: "upgrades with filters of their own",
    edits: [{ from: "upgrade_configs: [{ upgrade_type: websocket }]", to: `upgrade_configs: [{ upgrade_type: websocket, filters: ${router} }]` }],
    check: "upgrade",
    says: /Upgrade: websocket.*answered with 101/,
  },
  {
    mistake: "a header passed on that names another method",
    edits: [{ from: "                        - remove: x-method-override\n", to: "" }],
    check: "overrides",
    says: /X-Method-Override: .*may obey it/,
  },
]
const keepsClientHeaders: Edit = {
  from: "                        - remove_on_match: { key_matcher: { prefix: x-nmp-, ignore_case: true } }\n",
  to: "",
}
const copied = "patterns: [{ prefix: x-nmp-, ignore_case: true }, { prefix: x-portcullis-, ignore_case: true }]"

const envoyHttp: readonly Mistake[] = [
  ...envoy,
  {
    mistake: "a header passed on that names another path",
    edits: [{ from: "                        - remove: x-rewrite-url\n", to: "" }],
    check: "routing",
    says: /X-Rewrite-URL: .*may obey it/,
  },
  {
    mistake: "headers of the client that are not removed, where those of the sidecar are not copied",
    edits: [
      keepsClientHeaders,
      { from: copied, to: "patterns: [{ exact: x-nmp-principal-id }, { exact: x-nmp-authorized }, { exact: x-nmp-scopes }]" },
    ],
    check: "identity",
    says: /the upstream got x-nmp-principal-groups: 'portcullis-doctor/,
  },
  {
    mistake: "headers of the sidecar that are not copied",
    edits: [
      {
        from: "patterns: [{ prefix: x-nmp-, ignore_case: true }, { prefix: x-portcullis-, ignore_case: true }]",
        to: "patterns: [{ exact: x-other }]",
      },
    ],
    check: "upstream",
    says: /no x-nmp-principal-id/,
  },
]

const beforeRouters = "    # WebSockets are decided on as GET."
const another = (name: string, rule: string): Edit => ({
  file: "dynamic.yaml",
  from: beforeRouters,
  to: `    ${name}: { entryPoints: [web], rule: "${rule}", priority: 9, service: service }\n${beforeRouters}`,
})
const regex =
  "        authResponseHeadersRegex: (?i)^(x-nmp-.*|x-portcullis-.*|.*_.*|x-original-.*|x-rewrite-url|x-envoy-.*|x-http-method.*|x-method-override|forwarded|x-forwarded-(scheme|ssl)|x-(cluster-)?client-ip|(true-client|cf-connecting|fastly-client)-ip)$\n"

const traefik: readonly Mistake[] = [
  {
    mistake: "a router without the middleware",
    edits: [another("models", "PathPrefix(`/apis/models`)")],
    check: "no token",
    says: /without a token: answered with 200/,
  },
  {
    mistake: "OPTIONS that nobody decides",
    edits: [another("preflight", "Method(`OPTIONS`)")],
    check: "methods",
    says: /OPTIONS .*answered with 200/,
  },
  {
    mistake: "a router for another host",
    edits: [another("internal", "Host(`internal.example`)")],
    check: "hosts",
    says: /Host: internal.example: answered with 200/,
  },
  {
    mistake: "upgrades that nobody decides",
    edits: [another("chat", "HeaderRegexp(`Upgrade`, `(?i)^websocket$`)")],
    check: "upgrade",
    says: /Upgrade: websocket.*answered with 101/,
  },
  {
    mistake: "an open prefix of the service",
    edits: [another("health", "PathPrefix(`/health/`) && !Path(`/health/live`)")],
    check: "paths",
    says: /GET \/health\/live\/.*answered with 200/,
  },
  {
    mistake: "forwarding headers of clients that are believed",
    edits: [
      { file: "dynamic.yaml", from: "trustForwardHeader: false", to: "trustForwardHeader: true" },
      {
        file: "traefik.yaml",
        from: "    # No forwardedHeaders here",
        to: "    forwardedHeaders: { insecure: true }\n    # No forwardedHeaders here",
      },
    ],
    check: "routing",
    says: /X-Forwarded-Uri: .*answered with 200/,
  },
  {
    mistake: "headers of the client that are not removed",
    edits: [{ file: "dynamic.yaml", from: regex, to: "" }],
    check: "identity",
    says: /the upstream got x-nmp-principal-roles/,
  },
  {
    mistake: "headers with underscores",
    edits: [{ file: "dynamic.yaml", from: "|.*_.*|", to: "|" }],
    check: "twins",
    says: /X_NMP_Principal_Id/,
  },
  {
    mistake: "a header that is not copied",
    edits: [
      { file: "dynamic.yaml", from: "          - X-NMP-Authorized\n", to: "" },
      { file: "dynamic.yaml", from: regex, to: "" },
    ],
    check: "upstream",
    says: /no x-nmp-authorized/,
  },
  {
    mistake: "a failover that answers in the place of the sidecar",
    edits: [
      {
        file: "dynamic.yaml",
        from: "      middlewares: [peer-secret]\n      service: sidecar\n",
        to: "      middlewares: [peer-secret]\n      service: either\n",
      },
      {
        file: "dynamic.yaml",
        from: "  services:\n",
        to: "  services:\n    either: { failover: { service: sidecar, fallback: service, healthCheck: {} } }\n",
      },
    ],
    check: "outage",
    says: /without the sidecar: answered with 200/,
    outage: true,
  },
]

const caddy: readonly Mistake[] = [
  {
    mistake: "a handle without forward_auth",
    edits: [
      { from: "\t\thandle {\n\t\t\t# Asks", to: "\t\thandle /apis/models/* {\n\t\t\treverse_proxy UPSTREAM\n\t\t}\n\t\thandle {\n\t\t\t# Asks" },
    ],
    check: "no token",
    says: /without a token: answered with 200/,
  },
  {
    mistake: "headers of the client that are not removed",
    edits: [{ from: "\t\trequest_header -X-NMP-*\n", to: "" }],
    check: "identity",
    says: /the upstream got x-nmp-principal-roles/,
  },
  { mistake: "headers with underscores", edits: [{ from: "\t\trequest_header -*_*\n", to: "" }], check: "twins", says: /X_NMP_Principal_Id/ },
  {
    mistake: "a header that is not copied",
    edits: [{ from: "\t\t\t\t\tX-NMP-Principal-Id\n", to: "" }],
    check: "upstream",
    says: /no x-nmp-principal-id/,
  },
  {
    mistake: "a Connection header of the client that takes headers away",
    edits: [{ from: "\t\trequest_header -Connection\n", to: "" }],
    check: "hop-by-hop",
    says: /Connection: close, X-NMP-Principal-Id: the upstream got x-nmp-principal-id ''/,
  },
  {
    mistake: "errors that lead to the service",
    edits: [{ from: "\t\trespond `", to: "\t\treverse_proxy UPSTREAM\n\t\t#respond `" }],
    check: "outage",
    says: /without the sidecar: answered with 200/,
    outage: true,
  },
  {
    mistake: "asking about some paths only",
    edits: [{ from: "forward_auth 127.0.0.1", to: "@asked path_regexp ^/apis/\n\t\t\tforward_auth @asked 127.0.0.1" }],
    check: "paths",
    says: /GET \/APIS.*answered with 200/,
  },
  {
    mistake: "asking about some methods only",
    edits: [{ from: "forward_auth 127.0.0.1", to: "@asked method GET POST PUT PATCH DELETE\n\t\t\tforward_auth @asked 127.0.0.1" }],
    check: "methods",
    says: /HEAD .*answered with 200/,
  },
  {
    mistake: "a method that is always GET",
    edits: [{ from: "\t\t\t\theader_up -Connection\n", to: "\t\t\t\theader_up -Connection\n\t\t\t\theader_up X-Forwarded-Method GET\n" }],
    check: "methods",
    says: /PROPFIND .*answered with 200/,
  },
  {
    mistake: "upgrades that nobody decides",
    edits: [{ from: "\t\thandle {\n\t\t\t# Asks", to: "\t\thandle @websocket {\n\t\t\treverse_proxy UPSTREAM\n\t\t}\n\t\thandle {\n\t\t\t# Asks" }],
    check: "upgrade",
    says: /Upgrade: websocket.*answered with 101/,
  },
  {
    mistake: "headers passed on that name another method",
    edits: [{ from: "\t\trequest_header -X-HTTP-Method*\n", to: "" }],
    check: "overrides",
    says: /X-HTTP-Method-Override: .*may obey it/,
  },
]

/** Mistakes that the doctor must find, by gateway. */
export const fails: Readonly<Record<GatewayKind, readonly Mistake[]>> = { nginx, "envoy-http": envoyHttp, "envoy-grpc": envoy, traefik, caddy }

const fineEnvoy = [
  {
    mistake: "a path that is tidied up before it is judged and for the service alike",
    edits: [
      { from: "normalize_path: false", to: "normalize_path: true" },
      { from: "merge_slashes: false", to: "merge_slashes: true" },
    ],
  },
  { mistake: "headers of the client that the sidecar has removed", edits: [keepsClientHeaders] },
]

/** What may look like a mistake, and is none. */
export const passes: Readonly<Record<GatewayKind, readonly Pick<Mistake, "mistake" | "edits">[]>> = {
  nginx: [{ mistake: "locations that match without regard to slashes", edits: [{ from: "merge_slashes off;", to: "merge_slashes on;" }] }],
  "envoy-http": fineEnvoy,
  "envoy-grpc": fineEnvoy,
  traefik: [],
  caddy: [],
}
