/** Loads `oidc-provider`, or says how to install it. Its word on Node 20, with which the tests here pass, is left out; nothing else is. */
export async function loadOidcProvider() {
  const { warn } = console
  console.warn = (...words) => {
    if (!String(words[0]).includes("Unsupported runtime")) warn(...words)
  }
  try {
    return await import("oidc-provider")
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error
    throw new Error("the package oidc-provider is not installed; run: npm install oidc-provider", { cause: error })
  } finally {
    console.warn = warn
  }
}
