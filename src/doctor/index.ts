export { examine, examineToken, type Credentials, type Examination } from "./examine.js"
export {
  examineGateway,
  gatewayKinds,
  isProven,
  mostAtOnce,
  mostRequests,
  type GatewayExamination,
  type GatewayFinding,
  type GatewayKind,
} from "./gateway/index.js"
export { type Check, type Finding } from "./finding.js"
export { lookInto, type Wish } from "./roles.js"
