/** The programs that gateways are. */
export type GatewayProgram = "nginx" | "envoy" | "caddy" | "traefik"

/** The versions that the configurations are tested with. */
export const versions: Readonly<Record<"caddy" | "envoy" | "traefik", string>>

/** Where `node scripts/gateways.mjs` of a clone puts what it installs. */
export function cachedBinary(program: Exclude<GatewayProgram, "nginx">): string

/** Finds a program: `NGINX_BIN` and so on, else what a clone has installed, else `PATH`. @throws {Error} that says how to install it */
export function findBinary(program: GatewayProgram): string
