const deviceCode = "urn:ietf:params:oauth:grant-type:device_code"
const publicClient = { token_endpoint_auth_method: "none", application_type: "native", redirect_uris: [], response_types: [] }

/** The command line: public, device flow (RFC 8628), password, refresh tokens. The others are there to see what goes wrong. */
export const clients = [
  { client_id: "portcullis-cli", client_name: "Portcullis", grant_types: [deviceCode, "refresh_token", "password"], ...publicClient },
  // may not use the device flow
  { client_id: "no-device", client_name: "No device flow", grant_types: ["refresh_token", "password"], ...publicClient },
  // its access tokens live for five seconds
  { client_id: "short-lived", client_name: "Short-lived", grant_types: [deviceCode, "refresh_token", "password"], ...publicClient },
]

/** How long a client's access tokens live, in seconds. */
export function accessTokenSeconds(clientId, otherwise) {
  return clientId === "short-lived" ? 5 : otherwise
}
