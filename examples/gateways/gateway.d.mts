/** Which configuration. */
export type GatewayKind = "envoy-http" | "envoy-grpc" | "nginx" | "traefik" | "caddy"

/** All kinds. */
export const gatewayKinds: readonly GatewayKind[]

/** Its program. */
export function programOf(kind: GatewayKind): "nginx" | "envoy" | "caddy" | "traefik"

/** Ports on 127.0.0.1. */
export interface GatewayPorts {
  /** Where the gateway listens: 8080. */
  readonly gateway: number
  /** The sidecar: 8181. */
  readonly sidecar: number
  /** The sidecar's gRPC: 9191. */
  readonly grpc: number
  /** The service behind: 8000. */
  readonly upstream: number
  /** Where Traefik asks itself for the sidecar: 8182. */
  readonly inner: number
}

/** Those that stand in the configurations. */
export const usualPorts: GatewayPorts

/** How to start a gateway. */
export interface GatewayOptions {
  /** In place of those in the configuration. */
  readonly ports?: Partial<GatewayPorts>
  /** Changes the text of each file of the configuration, ports already replaced. */
  readonly change?: (text: string, file: string) => string
  /** Default: see binaries.mjs. */
  readonly binary?: string
}

/** A gateway that runs. */
export interface RunningGateway {
  readonly url: string
  readonly port: number
  /** Its configuration; removed by `stop`. */
  readonly folder: string
  /** Resolves with its exit code or signal. */
  readonly exited: Promise<number | string>
  /** What it printed so far. */
  readonly log: () => string
  /** Ends it, or signals it; SIGKILL by default. */
  readonly kill: (signal?: NodeJS.Signals) => void
  /** Ends it, and removes what it left. */
  readonly stop: () => Promise<void>
}

/** Starts a gateway with its configuration from here. @returns once it answers @throws {Error} with what it printed, when it ends before */
export function startGateway(kind: GatewayKind, options?: GatewayOptions): Promise<RunningGateway>
