/** Builtins that nobody implements here, and why. A module that calls one is refused when it is loaded, by name. */
export const builtinsLeftOut: ReadonlyMap<string, string> = new Map([
  ...["graphql.is_valid", "graphql.parse", "graphql.parse_and_verify", "graphql.parse_query", "graphql.parse_schema", "graphql.schema_is_valid"].map(
    (name) => [name, "gives the syntax trees of one Go library for GraphQL"] as const,
  ),
  ...[
    "crypto.parse_private_keys",
    "crypto.x509.parse_and_verify_certificates",
    "crypto.x509.parse_certificate_request",
    "crypto.x509.parse_certificates",
    "crypto.x509.parse_keypair",
    "crypto.x509.parse_rsa_private_key",
  ].map((name) => [name, "gives the structures of Go's library for certificates and keys"] as const),
  ...["json.match_schema", "json.verify_schema"].map((name) => [name, "needs a library for JSON Schema with OPA's messages"] as const),
  ...["http.send", "net.lookup_ip_addr"].map((name) => [name, "asks the network, and a module cannot wait"] as const),
  ["providers.aws.sign_req", "signs requests that only http.send could send"],
  ["rego.parse_module", "needs the parser of Rego"],
  ["strings.render_template", "needs Go's text templates"],
])

/** Cases that fail, by reason. */
export const casesLeftOut: Readonly<Record<string, readonly string[]>> = {
  "the module compares integers of data by their text (https://github.com/open-policy-agent/opa/issues/3711)": [
    "data/nested integer",
    "data/toplevel integer",
  ],
  "the module has 64-bit integers (https://github.com/open-policy-agent/opa/issues/3711)": [
    "strings/format_int: bignum exact (>64-bit integer, all bases + negative)",
  ],
  "the number is beyond a double": ["strings/sprintf: float too big"],
}
