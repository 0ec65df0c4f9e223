// Ends a process when its input ends: the pipe from a parent that is gone, even by kill -9. For `node --import`.
process.stdin.once("end", () => process.kill(process.pid, "SIGTERM")).resume()
process.stdin.unref?.()
