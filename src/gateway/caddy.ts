import { forwarded } from "./forwarded.js"

/**
 * Caddy's `forward_auth`, which sets both headers in place of what its client sends.
 *
 * @see https://caddyserver.com/docs/caddyfile/directives/forward_auth
 */
export const caddy = forwarded("caddy")
