import { forwarded } from "./forwarded.js"

/**
 * Traefik's ForwardAuth, which sets both headers in place of what its client sends as long as `trustForwardHeader` is off.
 *
 * @see https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/forwardauth/
 */
export const traefik = forwarded("traefik")
