export { examineGateway, type GatewayExamination } from "./examine-gateway.js"
export { isProven, type GatewayFinding } from "./gateway-finding.js"
export { gatewayKinds, type GatewayKind } from "./gateway-kind.js"
export { mostAtOnce, mostRequests } from "./probing.js"
