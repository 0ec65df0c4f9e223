/** Paths of the quickstart's authorization data: ann, who is an Editor of ml-team, may read the first, and not the second. */
export const allowedPath: string
export const deniedPath: string
