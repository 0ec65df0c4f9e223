export { examine, examineToken, type Credentials, type Examination } from "./examine.js"
export { type Check, type Finding } from "./finding.js"
export { lookInto, type Wish } from "./roles.js"
