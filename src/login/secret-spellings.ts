/**
 * A text of somebody who was sent secrets, without them: neither as they are, nor as forms, URLs, JSON, HTML or Base64 spell them. Secrets of less than
 * four characters would take words apart, and stay.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const spellings = secrets.filter((secret) => secret.length >= 4).flatMap(spellingsOf)
  return [...new Set(spellings)].toSorted((left, right) => right.length - left.length).reduce((left, one) => left.replaceAll(one, "(hidden)"), text)
}

function spellingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const whole = bytes.toString()
  const encoded = [
    encodeURIComponent(whole),
    encodeURI(whole),
    strictly(encodeURIComponent(whole)),
    new URLSearchParams({ "": whole }).toString().slice(1),
  ]
  return [
    secret,
    secret.replaceAll(" ", "+"),
    ...encoded.flatMap((one) => [one, one.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())]),
    JSON.stringify(secret).slice(1, -1),
    ...["&#39;", "&#x27;", "&apos;"].map((quote) => asHtml(secret, quote)),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
  ]
}

/** As RFC 3986 has it: what JavaScript leaves open is encoded, too. */
function strictly(encoded: string): string {
  return encoded.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

function asHtml(text: string, quote: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", quote)
}
