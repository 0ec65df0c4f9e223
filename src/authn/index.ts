export { authentication, type Authenticate, type Credentials } from "./authenticate.js"
export type { Caller } from "./caller.js"
export type { AuthenticationOptions } from "./options.js"
