import { readFields, textIn, writeInteger } from "./envoy-grpc-wire.js"

/** The service that a `HealthCheckRequest` asks about; empty: the whole server. @throws {PdpError} `ERR_INPUT_INVALID` */
export function healthQuestion(bytes: Buffer): string {
  return textIn(readFields(bytes), 1)
}

/**
 * A `HealthCheckResponse`.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function healthBytes(isServing: boolean): Buffer {
  return writeInteger(1, isServing ? 1 : 2)
}
