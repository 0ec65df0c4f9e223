import type { PdpError } from "../errors.js"
import { unavailable } from "../model/unavailable.js"

/**
 * The text of an answer to `fetch`, unpacked; not more of it is held than is allowed.
 *
 * @param mostBytes once unpacked; default 1 MiB
 * @throws {PdpError} `ERR_SOURCE_UNAVAILABLE` when there is more; whatever reading throws
 */
export async function answerText({ body }: Response, mostBytes: number = 1024 * 1024): Promise<string> {
  if (!body) return ""
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > mostBytes) throw tooLarge(mostBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes).toString()
}

function tooLarge(mostBytes: number): PdpError {
  return unavailable(`the answer has more than ${mostBytes} bytes`, "check the URL: something smaller is due there")
}
