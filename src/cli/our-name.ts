/**
 * How this program is called: `portcullis` where it was installed for all projects, and so is in `PATH`; `npx portcullis` in a clone, in a project, and where
 * npx keeps what it has fetched.
 *
 * @param url where this module is
 */
export function nameOfProgram(url: string): string {
  return /\/lib\/node_modules\/portcullis\//.test(url) ? "portcullis" : "npx portcullis"
}

/** {@link nameOfProgram} of this process. */
export const ourName = nameOfProgram(import.meta.url)
