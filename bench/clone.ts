import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The clone; the benchmark is compiled into a folder of it. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url))

/** Authorization data that everything is measured with: 96 path templates, 7 roles. */
export const authorizationData: string = join(root, "test/fixtures/reference-static.json")
