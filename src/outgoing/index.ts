export { ask, type HttpAnswer, type HttpQuestion } from "./http-answer.js"
export { httpTarget, placeOf, type HttpTarget } from "./http-target.js"
export { getJson, type JsonQuestion } from "./json-answer.js"
export { resolveHost, type HostAddress, type ResolveHost } from "./outgoing-address.js"
