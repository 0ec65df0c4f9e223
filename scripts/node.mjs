/** Ends the process with one line when this Node cannot run Portcullis. */
export function requireThisNode() {
  const [major, minor] = process.versions.node.split(".").map(Number)
  const isOld = major < 20 || (major === 20 && minor < 19)
  if (isOld) end(`Node ${process.versions.node} is too old; install Node 20.19 or later`)
  if (typeof WebAssembly === "undefined")
    end("this Node runs without WebAssembly, which policies are compiled to; leave out --jitless (see NODE_OPTIONS)")
}

function end(message) {
  process.stderr.write(`portcullis: ${message}\n`)
  process.exit(1)
}
