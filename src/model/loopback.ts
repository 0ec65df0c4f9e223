/** True for names and addresses that never leave this machine: `localhost`, `127.0.0.0/8`, `::1`, in brackets or without. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || loopbackV4.test(host)
}

/** True for what nobody on the network can read on its way: https, and http on this machine. */
export function mayCarrySecrets(url: string | URL): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname))
}

const byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
const loopbackV4 = new RegExp(`^127(?:\\.${byte}){3}$`)
