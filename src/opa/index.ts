export { dataAnswerText, queryFlag, readDataQuery, readDataRequest, type DataRequest } from "./data-answer.js"
export { parseDataPath, valueInside, type DataPath } from "./data-path.js"
export { decisionsIn, entrypointNames, entrypointPaths, isAllowed, type EntrypointName } from "./entrypoints.js"
export { opaErrorCode, opaErrorText, type OpaErrorCode } from "./error.js"
