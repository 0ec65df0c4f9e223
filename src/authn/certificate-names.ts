import type { PeerCertificate } from "./peer.js"

/**
 * The names of a certificate's holder: its common name, unless it has several, and its DNS, URI and e-mail names, as they are written. Nothing of
 * alternative names that cannot be read.
 */
export function certificateNames({ subject, subjectaltname = "" }: PeerCertificate): readonly string[] {
  const name = subject?.CN
  return [...(typeof name === "string" ? [name] : []), ...alternativeNames(subjectaltname)]
}

// Node writes a name that holds a comma, a quote or a control character as a JSON string, so that no name can pretend to be two.
const oneName = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y

function alternativeNames(text: string): readonly string[] {
  const names: string[] = []
  oneName.lastIndex = 0
  while (oneName.lastIndex < text.length) {
    const [, type = "", name = ""] = oneName.exec(text) ?? []
    if (name === "") return []
    if (type === "DNS" || type === "URI" || type === "email") names.push(name.startsWith('"') ? String(JSON.parse(name)) : name)
  }
  return names
}
