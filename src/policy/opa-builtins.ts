import { documentBuiltins } from "./builtins-documents.js"
import { encodingBuiltins } from "./builtins-encoding.js"
import { identifierBuiltins } from "./builtins-identifiers.js"
import { jwtBuiltins } from "./builtins-jwt.js"
import { networkBuiltins } from "./builtins-network.js"
import { numberBuiltins } from "./builtins-numbers.js"
import { regexBuiltins } from "./builtins-regex.js"
import { stringBuiltins } from "./builtins-strings.js"
import { timeBuiltins } from "./builtins-time.js"
import type { OpaBuiltin } from "./opa-builtin.js"

/**
 * OPA's builtins that are not compiled into modules and that this package has, by name. None reads anything but its operands, the clock and chance.
 *
 * @see https://www.openpolicyagent.org/docs/policy-reference#built-in-functions
 */
export const opaBuiltins: ReadonlyMap<string, OpaBuiltin> = new Map(
  Object.entries({
    ...stringBuiltins,
    ...regexBuiltins,
    ...numberBuiltins,
    ...documentBuiltins,
    ...encodingBuiltins,
    ...identifierBuiltins,
    ...networkBuiltins,
    ...timeBuiltins,
    ...jwtBuiltins,
  }),
)
