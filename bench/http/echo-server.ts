import { createServer } from "node:http"

/** The least that a JSON endpoint on node:http can do: sends each body back. Prints where it listens. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const body = Buffer.concat(chunks)
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": body.length })
    response.end(body)
  })
})

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (address !== null && typeof address !== "string") process.stdout.write(`listens on http://127.0.0.1:${address.port}\n`)
})
process.once("SIGTERM", () => process.exit(0))
